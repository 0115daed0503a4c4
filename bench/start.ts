/**
 * What a fresh process pays: time from its start to the first result, and memory over a Bun process that does nothing.
 *
 *   bun bench/start.ts [NAME…] [--networks DIR] [--rounds N] [--threads N] [--json FILE]
 *
 * Networks as for bench/peers.ts. Linux only: the memory comes from /proc.
 */
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "../scripts/setup/paths.ts";
import { loadModel } from "../src/index.ts";
import { listNetworks, requireNetworks } from "./network.ts";
import { countOption } from "./options.ts";
import { circumstances, record } from "./record.ts";
import { row, summarise, warnIfBusy } from "./timing.ts";

/** What a process of the benchmark binds. */
export interface Features {
  inputs: { name: string; shape: readonly number[]; dtype: string }[];
  outputs: { name: string; shape: readonly number[]; dtype: string }[];
}

interface Measured {
  startMs: number;
  /** CPU time of the whole process up to its end: it does not depend on what else the machine does. */
  cpuMs: number;
  peak: number;
  own: number;
  file: number;
}

const contenders = ["nothing", "library", "tensorlogic", "onnxruntime"] as const;
type Contender = (typeof contenders)[number];

async function describe(folder: string): Promise<Features> {
  using model = await loadModel(join(folder, "model.mlpackage"));
  const tensors = (features: typeof model.inputs) =>
    features.map(({ name, shape, dtype, type }) => {
      if (!shape || !dtype) throw new Error(`${folder}: feature ${name} is a ${type}, expected a tensor`);
      return { name, shape, dtype };
    });
  return { inputs: tensors(model.inputs), outputs: tensors(model.outputs) };
}

async function measure(contender: Contender, folder: string, features: Features, threads: number): Promise<Measured> {
  const start = Bun.nanoseconds();
  const child = Bun.spawn(
    [
      process.execPath,
      join(import.meta.dir, "start-child.ts"),
      contender,
      folder,
      JSON.stringify(features),
      `${threads}`,
    ],
    { stdout: "pipe", stderr: "inherit", env: { ...process.env, TENSORLOGIC_THREADS: `${threads}` } },
  );
  let text = "";
  let startMs = Number.NaN;
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    if (Number.isNaN(startMs) && text.startsWith("result\n")) startMs = (Bun.nanoseconds() - start) / 1e6;
  }
  if ((await child.exited) !== 0) throw new Error(`${contender} ended with exit code ${child.exitCode}: ${text}`);
  const cpuMs = Number(child.resourceUsage()!.cpuTime.total) / 1000;
  return { startMs, cpuMs, ...JSON.parse(text.slice("result\n".length)) };
}

function weightBytes(folder: string): number {
  const path = join(folder, "model.mlpackage/Data/com.apple.CoreML/weights/weight.bin");
  return existsSync(path) ? statSync(path).size : 0;
}

async function compare(folder: string, rounds: number, threads: number) {
  const features = await describe(folder);
  const all = new Map<Contender, Measured[]>(contenders.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of contenders) {
      const measured = await measure(name, folder, features, threads);
      if (round > 0) all.get(name)!.push(measured); // round 0 fills the page cache
    }
  }
  return Object.fromEntries(
    [...all].map(([name, runs]) => {
      const { medianMs, minMs } = summarise(runs.map(({ startMs }) => startMs));
      const median = (pick: (run: Measured) => number) => summarise(runs.map(pick)).medianMs;
      return [
        name,
        {
          medianMs,
          minMs,
          cpuMs: median(({ cpuMs }) => cpuMs),
          peak: median(({ peak }) => peak),
          own: median(({ own }) => own),
          file: median(({ file }) => file),
        },
      ];
    }),
  ) as Record<Contender, { medianMs: number; minMs: number; cpuMs: number; peak: number; own: number; file: number }>;
}

if (import.meta.main) {
  const { values: options, positionals } = parseArgs({
    args: Bun.argv.slice(2),
    allowPositionals: true,
    options: {
      networks: { type: "string", default: join(cacheFolder(), "bench") },
      rounds: { type: "string", default: "11" },
      threads: { type: "string", default: "2" },
      json: { type: "string" },
    },
  });
  const rounds = countOption("rounds", options.rounds);
  const threads = countOption("threads", options.threads);
  const folder = resolve(options.networks);
  const names = positionals.length > 0 ? positionals : listNetworks(folder);
  requireNetworks(folder, names);
  warnIfBusy();
  const taken = { ...circumstances("start", Bun.argv.slice(2)), threads };
  console.log(
    `${taken.cpu}, ${threads} threads, ${rounds} rounds of fresh processes in turns. First result: ms from the process's start, median (minimum). Memory: MiB, peak over a Bun process that does nothing; "× weights": that over the weight file.\n`,
  );
  const widths = [22, 12, 18, 10, 10, 11];
  console.log(row(["network", "process", "first result", "CPU ms", "peak", "× weights"], widths));
  const results: Record<string, unknown> = {};
  for (const name of names) {
    const measured = await compare(join(folder, name), rounds, threads);
    const weights = weightBytes(join(folder, name));
    for (const contender of contenders) {
      const { medianMs, minMs, cpuMs, peak } = measured[contender];
      const extra = (peak - measured.nothing.peak) * 1024;
      console.log(
        row(
          [
            name,
            contender,
            `${medianMs.toFixed(1)} (${minMs.toFixed(1)})`,
            cpuMs.toFixed(0),
            (extra / 2 ** 20).toFixed(1),
            weights > 0 && contender !== "nothing" ? (extra / weights).toFixed(2) : "-",
          ],
          widths,
        ),
      );
    }
    const { tensorlogic, onnxruntime } = measured;
    console.log(
      `${"".padEnd(24)}tensorlogic / onnxruntime: ${(tensorlogic.medianMs / onnxruntime.medianMs).toFixed(2)} (minimum ${(tensorlogic.minMs / onnxruntime.minMs).toFixed(2)})\n`,
    );
    results[name] = { ...measured, weights };
  }
  if (options.json) await record(options.json, taken, { rounds, networks: results });
}
