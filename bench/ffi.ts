/**
 * What one call costs: `request.run()` and `request.runAsync()` on a model of one operation on eight numbers, where the operation itself is
 * next to nothing.
 *
 *   bun bench/ffi.ts [--calls N] [--rounds N] [--json FILE]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadModel, Tensor } from "../src/index.ts";
import { circumstances, record } from "./record.ts";
import { row, summarise, warnIfBusy } from "./timing.ts";

const { values: options } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    calls: { type: "string", default: "2000" },
    rounds: { type: "string", default: "31" },
    json: { type: "string" },
  },
});
const calls = Number(options.calls);
const rounds = Number(options.rounds);

using model = await loadModel(join(import.meta.dir, "../test/fixtures/models/add_one/model.mlpackage"));
const x = Tensor.from(
  Float32Array.from({ length: 8 }, (_, i) => i),
  [1, 8],
);
const y = Tensor.zeros([1, 8]);
const request = model.bind({ x }, { y });

request.run();
if (y.toFloat32().join() !== "1,2,3,4,5,6,7,8") throw new Error(`add_one gave ${y.toFloat32().join()}`);

const contenders: [string, () => unknown][] = [
  ["request.run()", () => request.run()],
  ["await request.runAsync()", () => request.runAsync()],
  ["model.predictSync({ x })", () => model.predictSync({ x })],
];

warnIfBusy();
const taken = circumstances("ffi", Bun.argv.slice(2));
console.log(`${rounds} rounds of ${calls} calls, µs per call\n`);
const widths = [24, 10, 10];
console.log(row(["call", "median", "minimum"], widths));
const times = contenders.map(() => [] as number[]);
for (let round = 0; round <= rounds; round++) {
  for (const [i, [name, call]] of contenders.entries()) {
    const start = Bun.nanoseconds();
    if (name.startsWith("await")) for (let n = 0; n < calls; n++) await call();
    else for (let n = 0; n < calls; n++) call();
    const perCallMs = (Bun.nanoseconds() - start) / calls / 1e6;
    if (round > 0) times[i]!.push(perCallMs); // round 0 warms up the compiler
  }
}
const results = contenders.map(([name], i) => ({ name, ...summarise(times[i]!) }));
for (const { name, medianMs, minMs } of results)
  console.log(row([name, (medianMs * 1000).toFixed(2), (minMs * 1000).toFixed(2)], widths));
if (options.json) await record(options.json, taken, { rounds, calls: results });
