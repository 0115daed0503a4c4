/**
 * What two busy processes beside it do to a run: median under load over median without, for tensorlogic and ONNX Runtime.
 *
 *   bun bench/load.ts [NAME…] [--networks DIR] [--busy N] [--rounds N] [--threads N] [--json FILE]
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "../scripts/setup/paths.ts";
import { openNetwork, requireNetworks } from "./network.ts";
import { openOnnx } from "./onnxruntime.ts";
import { countOption, withThreads } from "./options.ts";
import { circumstances, record } from "./record.ts";
import { interleave, row, type Samples, warnIfBusy } from "./timing.ts";

const { values: options, positionals } = parseArgs({
  args: Bun.argv.slice(2),
  allowPositionals: true,
  options: {
    networks: { type: "string", default: join(cacheFolder(), "bench") },
    busy: { type: "string", default: "2" },
    rounds: { type: "string", default: "15" },
    threads: { type: "string", default: "2" },
    json: { type: "string" },
  },
});
const rounds = countOption("rounds", options.rounds);
const threads = countOption("threads", options.threads);
const busyCount = countOption("busy", options.busy);
withThreads(threads, import.meta.path);

const folder = resolve(options.networks);
const names = positionals.length > 0 ? positionals : ["resnet50", "mobilenet_v2", "minilm_l6_v2"];
requireNetworks(folder, names);

export interface LoadResult {
  engine: string;
  idle: Samples;
  loaded: Samples;
  /** Median under load over median without. */
  slowdown: number;
}

/** First alone, then with processes beside it that do nothing but compute. */
async function compare(name: string): Promise<LoadResult[]> {
  using ours = await openNetwork(join(folder, name));
  const onnx = await openOnnx(join(folder, name, "model.onnx"), ours.feeds, threads);
  const contenders = [ours, onnx];
  const idle = await interleave(contenders, rounds);
  const busy = Array.from({ length: busyCount }, () =>
    Bun.spawn([process.execPath, "-e", "for (;;);"], { stdio: ["ignore", "ignore", "ignore"] }),
  );
  let loaded: Samples[];
  try {
    await Bun.sleep(200);
    loaded = await interleave(contenders, rounds);
  } finally {
    for (const child of busy) child.kill("SIGKILL");
    await Promise.all(busy.map((child) => child.exited));
  }
  await onnx.close();
  return contenders.map(({ name: engine }, i) => ({
    engine,
    idle: idle[i]!,
    loaded: loaded[i]!,
    slowdown: loaded[i]!.medianMs / idle[i]!.medianMs,
  }));
}

warnIfBusy();
const taken = circumstances("load", Bun.argv.slice(2));
console.log(`${taken.cpu}, ${taken.isa}, ${threads} threads, ${busyCount} busy processes, medians in ms\n`);
const widths = [Math.max(...names.map((n) => n.length)), 15, 9, 9, 9, 12];
console.log(row(["network", "engine".padEnd(widths[1]!), "idle", "loaded", "slowdown", "ours/theirs"], widths));
const networks: Record<string, LoadResult[]> = {};
for (const name of names) {
  const results = (networks[name] = await compare(name));
  for (const [i, { engine, idle, loaded, slowdown }] of results.entries()) {
    const ratio = i === 0 ? "" : (results[0]!.slowdown / slowdown).toFixed(2);
    const cells = [idle.medianMs, loaded.medianMs, slowdown].map((value) => value.toFixed(2));
    console.log(row([i === 0 ? name : "", engine.padEnd(widths[1]!), ...cells, ratio], widths));
  }
}
if (options.json) await record(options.json, taken, { rounds, busy: busyCount, networks });
