/**
 * What a unit of work costs as work grows: batches, picture sides, sequences; and what a second thread brings.
 *
 *   bun bench/scaling.ts [NETWORK…] [--only batch,side,sequence,threads] [--rounds N] [--no-peer] [--svg DIR] [--json FILE]
 *
 * The networks of open shape are made by bench/make_flexible.py. See bench/README.md.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "../scripts/setup/paths.ts";
import { scalingChart } from "./charts.ts";
import { countOption, withThreads } from "./options.ts";
import { requireNetworks } from "./network.ts";
import { circumstances, record } from "./record.ts";
import { type Growth, growths, highestRise, measureGrowth } from "./scaling/growth.ts";
import { measureThreads, type ThreadsResult } from "./scaling/threads.ts";
import { row, warnIfBusy } from "./timing.ts";

const { values: options, positionals } = parseArgs({
  args: Bun.argv.slice(2),
  allowPositionals: true,
  options: {
    only: { type: "string", default: "batch,side,sequence,threads" },
    rounds: { type: "string", default: "7" },
    "no-peer": { type: "boolean", default: false },
    svg: { type: "string" },
    json: { type: "string" },
  },
});
const rounds = countOption("rounds", options.rounds);
const axes = options.only.split(",");
const wrong = axes.find((axis) => !["batch", "side", "sequence", "threads"].includes(axis));
if (wrong !== undefined) {
  console.error(`--only wants a list of batch, side, sequence, threads; got ${JSON.stringify(wrong)}`);
  process.exit(2);
}
withThreads(2, import.meta.path);

const chosen = growths.filter(
  ({ network, axis }) => axes.includes(axis) && (positionals.length === 0 || positionals.includes(network)),
);
const fixed = axes.includes("threads")
  ? ["resnet50", "mobilenet_v2", "minilm_l6_v2"].filter(
      (name) => positionals.length === 0 || positionals.includes(name),
    )
  : [];
const fixedFolder = join(cacheFolder(), "bench");
const flexibleFolder = join(fixedFolder, "scaling");
const networks = [...new Set(chosen.map(({ network }) => network))];
if (networks.length > 0) requireNetworks(flexibleFolder, networks, "make_flexible.py");
requireNetworks(fixedFolder, fixed.length > 0 || networks.length > 0 ? fixed : positionals);

warnIfBusy();
const taken = circumstances("scaling", Bun.argv.slice(2));
console.log(`${taken.cpu}, ${taken.isa}, 2 threads, ${rounds} rounds in turns, medians`);
const results: Growth[] = [];
for (const growth of chosen) {
  const result = await measureGrowth(join(flexibleFolder, growth.network), growth, rounds, !options["no-peer"]);
  results.push(result);
  printGrowth(result);
}
const threads: ThreadsResult[] = [];
if (fixed.length > 0) console.log(`\n${row(["1 → 2 threads", "engine", "1", "2", "speed-up"], [14, 16, 9, 9, 9])}`);
for (const network of fixed) {
  for (const result of await measureThreads(join(fixedFolder, network), network, rounds)) {
    threads.push(result);
    const { engine, one, two, speedUp } = result;
    const cells = [network, engine, one.medianMs.toFixed(2), two.medianMs.toFixed(2), `${speedUp.toFixed(2)}×`];
    console.log(row(cells, [14, 16, 9, 9, 9]));
  }
}
if (options.json) await record(options.json, taken, { rounds, growths: results, threads });
if (options.svg !== undefined) {
  for (const axis of ["batch", "side", "sequence"] as const) {
    const lines = results.filter((result) => result.axis === axis);
    if (lines.length > 0) await Bun.write(join(options.svg, `scaling-${axis}.svg`), scalingChart(axis, lines));
  }
}

function printGrowth(result: Growth): void {
  const { network, axis, points } = result;
  const widths = [16, 10, 10, 13, 16, 14];
  console.log(`\n${network}, ${axis}`);
  console.log(row([axis, "GFLOP", "ms", "ms per GFLOP", "over the least", "onnxruntime ms"], widths));
  let least = Number.POSITIVE_INFINITY;
  for (const { size, gflop, ours, onnxruntime } of points) {
    const cost = ours.medianMs / gflop;
    const rise = Number.isFinite(least) ? `${((cost / least - 1) * 100).toFixed(0)} %` : "";
    least = Math.min(least, cost);
    const cells = [size, gflop.toFixed(2), ours.medianMs.toFixed(2), cost.toFixed(2), rise];
    console.log(row([...cells, onnxruntime?.medianMs.toFixed(2) ?? ""], widths));
  }
  if (highestRise(result) <= 0.15) return;
  console.log("  more than 15 %: where the time over the least comes from");
  for (const { operation, kernel, excessMs, atSize, ofSize } of result.excess)
    console.log(`  ${excessMs.toFixed(2).padStart(9)} ms  ${operation} (${kernel}) at ${atSize} over ${ofSize}`);
}
