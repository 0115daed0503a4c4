/**
 * Compares tensorlogic (f16 ML program) with other engines on the same networks, in turns.
 *
 *   bun bench/peers.ts [NAME…] [--networks DIR] [--peers LIST] [--rounds N] [--threads N] [--fast] [--json FILE]
 *
 * DIR holds NAME/model.mlpackage, model.onnx and, for PyTorch, model.pt; bench/make_networks.py makes it. See bench/README.md.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "../scripts/setup/paths.ts";
import { countOption, withThreads } from "./options.ts";
import { listNetworks, openNetwork, relativeError, requireNetworks } from "./network.ts";
import { openOnnx } from "./onnxruntime.ts";
import { type PythonPeer, pythonPeers, startPythonPeer } from "./python-peers.ts";
import { circumstances, record } from "./record.ts";
import type { ServedPeer } from "./served-peer.ts";
import { type Contender, interleave, row, warnIfBusy } from "./timing.ts";

const { values: options, positionals } = parseArgs({
  args: Bun.argv.slice(2),
  allowPositionals: true,
  options: {
    networks: { type: "string", default: join(cacheFolder(), "bench") },
    peers: { type: "string", default: "onnxruntime" },
    rounds: { type: "string", default: "31" },
    threads: { type: "string", default: "2" },
    fast: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const rounds = countOption("rounds", options.rounds);
const threads = countOption("threads", options.threads);
const known = ["onnxruntime", ...Object.keys(pythonPeers)];
const wanted = options.peers === "all" ? known : options.peers.split(",");
const stranger = wanted.find((name) => !known.includes(name));
if (stranger !== undefined) {
  console.error(`--peers wants all or a list of ${known.join(", ")}; got ${JSON.stringify(stranger)}`);
  process.exit(2);
}
withThreads(threads, import.meta.path);

/** One engine on one network: its times, or why it has none. `relativeError` is to ONNX Runtime's f32 result. */
export interface PeerResult {
  engine: string;
  medianMs?: number;
  minMs?: number;
  relativeError?: number;
  missing?: string;
}

/** bf16 has eight bits: no error bound of f16 fits it. */
const maxRelativeError = (engine: string) => (/bf16|fast/.test(engine) ? 1e-1 : 2e-2);

/** A peer that does not take a network is no failure of ours. The last line of what it says is the reason, and becomes a table's cell. */
const cannot = ({ message }: Error) =>
  `cannot: ${message.trim().split("\n").at(-1)!.replaceAll("|", "/").slice(0, 100)}`;

async function compare(folder: string, served: ReadonlyMap<PythonPeer, ServedPeer>): Promise<PeerResult[]> {
  using ours = await openNetwork(folder);
  using fast = options.fast ? await openNetwork(folder, { precision: "fast" }) : undefined;
  const onnx = await openOnnx(join(folder, "model.onnx"), ours.feeds, threads);
  const reference = await onnx.output();
  const results: PeerResult[] = [];
  const contenders: Contender[] = [];
  const enter = (contender: Contender, output: Float32Array) => {
    const result: PeerResult = { engine: contender.name, relativeError: relativeError(output, reference) };
    results.push(result);
    if (result.relativeError! <= maxRelativeError(contender.name)) contenders.push(contender);
    else result.missing = "wrong answer";
  };
  enter(ours, ours.outputValues);
  if (fast) enter(fast, fast.outputValues);
  if (wanted.includes("onnxruntime")) enter(onnx, reference);
  const closings = [onnx.close];
  for (const [name, peer] of served) {
    const { file, precisions } = pythonPeers[name];
    const path = join(folder, file);
    for (const precision of precisions) {
      const network = existsSync(path)
        ? await peer.open(path, precision, ours.feeds).catch((error: Error) => cannot(error))
        : `no ${file}`;
      if (typeof network === "string") {
        results.push({ engine: `${name} ${precision}`, missing: network });
        continue;
      }
      closings.push(network.close);
      enter(network, network.outputValues);
    }
  }
  const samples = await interleave(contenders, rounds);
  for (const [i, { name }] of contenders.entries())
    Object.assign(
      results.find(({ engine }) => engine === name)!,
      samples[i],
    );
  for (const [name, peer] of served) {
    const handicap = await peer.handicap();
    if (handicap === undefined) continue;
    for (const result of results.filter(({ engine, medianMs }) => engine.startsWith(name) && medianMs !== undefined)) {
      delete result.medianMs;
      delete result.minMs;
      result.missing = handicap;
    }
  }
  for (const close of closings) await close();
  return results;
}

const folder = resolve(options.networks);
const names = positionals.length > 0 ? positionals : listNetworks(folder);
requireNetworks(folder, names);

warnIfBusy();
const taken = circumstances("peers", Bun.argv.slice(2));
console.log(`${taken.cpu}, ${taken.isa}, ${threads} threads, ${rounds} rounds in turns, ms\n`);
const widths = [Math.max(...names.map((n) => n.length)), 17, 9, 9, 12, 10];
console.log(row(["network", "engine".padEnd(widths[1]!), "median", "minimum", "ours/theirs", "rel. error"], widths));
const networks: Record<string, PeerResult[]> = {};
const served = new Map<PythonPeer, ServedPeer>();
for (const name of Object.keys(pythonPeers) as PythonPeer[])
  if (wanted.includes(name)) served.set(name, startPythonPeer(name, threads));
for (const name of names) {
  let results: PeerResult[];
  try {
    results = await compare(join(folder, name), served);
  } catch (error) {
    // One network that fails must not cost the figures of the others.
    results = [{ engine: "all", missing: `failed: ${(error as Error).message}` }];
  }
  networks[name] = results;
  const ours = results[0]!;
  for (const [i, { engine, medianMs, minMs, relativeError: error, missing: reason }] of results.entries()) {
    const head = [i === 0 ? name : "", engine.padEnd(widths[1]!)];
    console.log(
      medianMs === undefined
        ? `${row(head, widths)}  ${reason}${error === undefined ? "" : ` (relative error ${error.toExponential(1)})`}`
        : row(
            [
              ...head,
              medianMs.toFixed(2),
              minMs!.toFixed(2),
              i === 0 || ours.medianMs === undefined ? "" : (ours.medianMs / medianMs).toFixed(2),
              engine.startsWith("onnx") ? "" : error!.toExponential(1),
            ],
            widths,
          ),
    );
  }
}
for (const peer of served.values()) await peer[Symbol.asyncDispose]();
if (options.json) await record(options.json, taken, { rounds, networks });
const isBad = ({ missing: reason }: PeerResult) => reason === "wrong answer" || reason?.startsWith("failed");
if (Object.values(networks).some((results) => results.some(isBad))) {
  console.error("\na network failed or answered wrong: the time of a wrong answer means nothing, so it was not taken");
  process.exit(1);
}
