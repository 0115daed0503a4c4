import { expect, test } from "bun:test";
import { benchmark, quantile, settingsHere } from "../../src/benchmark/benchmark.ts";
import { latencyChart } from "../../src/benchmark/chart.ts";
import { describeRuntime, loadModel, type Profile } from "../../src/index.ts";
import type { MachinePeak } from "../../src/native/runtime.ts";
import { randomInputs } from "../../src/random-inputs.ts";
import { bunRun } from "../support/shell.ts";
import { temporaryFolder } from "../setup/temporary.ts";

const addOne = "test/fixtures/models/add_one/model.mlpackage";

test("quantiles lie between neighbours", () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3, 4, 5], 0.95)).toBeCloseTo(4.8);
  expect(quantile([7], 0.99)).toBe(7);
});

test.skipIf(!describeRuntime().portable)("off Apple hardware there is one device", () => {
  expect(settingsHere()).toEqual(["cpuOnly"]);
});

test("a setting's numbers are those of its runs", async () => {
  const seen: number[] = [];
  const result = await benchmark(addOne, "cpuOnly", {
    repeat: 25,
    budgetMs: Infinity,
    inputs: randomInputs,
    onProgress: (_, done) => seen.push(done),
  });
  expect(result.runs).toBe(25);
  expect(result.minMs).toBeGreaterThan(0);
  for (const [low, high] of [
    ["minMs", "p50Ms"],
    ["p50Ms", "p95Ms"],
    ["p95Ms", "p99Ms"],
  ] as const)
    expect(result[low]).toBeLessThanOrEqual(result[high]);
  // The sum of the runs is no longer than all of them took.
  expect(1000 / result.inferencesPerSecond).toBeGreaterThanOrEqual(result.minMs);
});

test("a budget ends a setting, after ten runs", async () => {
  const { runs } = await benchmark(addOne, "cpuOnly", { repeat: 1e9, budgetMs: 0, inputs: randomInputs });
  expect(runs).toBe(10);
});

test("random inputs: the same for the same seed, of the model's types and shapes", async () => {
  using model = await loadModel(addOne);
  const [a, b, c] = [randomInputs(model.inputs), randomInputs(model.inputs, 1), randomInputs(model.inputs, 2)];
  expect(Bun.deepEquals(a, b)).toBe(true);
  const name = model.inputs[0]!.name;
  const numbers = (inputs: typeof a) => [...(inputs[name] as { toFloat32(): Float32Array }).toFloat32()];
  expect(numbers(a)).toEqual(numbers(b));
  expect(numbers(a)).not.toEqual(numbers(c));
  expect(() => randomInputs([{ name: "x", type: "tensor", optional: false, dtype: "float16" }])).toThrow(
    "input x: the model declares no shape, so give it one: x=FILE.npy",
  );
});

test("bun run bench MODEL: a table, JSON, a chart", async () => {
  const table = await bunRun("bench", addOne, "--repeat", "12");
  expect(table.stderr).toBe("");
  expect(table.stdout).toMatch(/^device +p50 +p95 +p99 +min +per second +load +first run +memory +power +efficiency$/m);
  expect(table.stdout).toContain("12 runs after the first one");
  using folder = temporaryFolder();
  const svg = `${folder.path}/latency.svg`;
  const json = await bunRun("bench", addOne, "[[1,2,3,4,5,6,7,8]]", "--repeat", "3", "--json", "--svg", svg);
  const { results } = JSON.parse(json.stdout);
  expect(results[0].runs).toBe(3);
  expect(await Bun.file(svg).text()).toStartWith("<svg ");
  const wrong = await bunRun("bench", addOne, "--repeat", "0");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("--repeat 0: expected a whole number")]);
});

test("bun run bench MODEL --per-op: each step with what it reaches of the machine's peak", async () => {
  const model = "models/efficientnet_lite0.mlpackage";
  const table = await bunRun("bench", model, "--per-op", "--repeat", "3", "--top", "5");
  expect(table.stderr).toBe("");
  expect(table.stdout).toMatch(/^operation +types +kernel +shape +time +share +rate/m);
  expect(table.stdout).toMatch(/\d\.\d (GFLOP\/s|GB\/s) \(\d+%\)$/m);
  const json = await bunRun("bench", model, "--per-op", "--repeat", "3", "--json");
  const { operations, peak, medianMs } = JSON.parse(json.stdout) as Profile & { peak: MachinePeak };
  const total = operations.reduce((sum, step) => ({ share: sum.share + step.share, flops: sum.flops + step.flops }), {
    share: 0,
    flops: 0,
  });
  expect(total.share).toBeCloseTo(1, 5);
  // 0.385 billion multiply-adds, as its authors count them.
  expect(total.flops).toBeGreaterThan(0.74e9);
  expect(total.flops).toBeLessThan(0.82e9);
  expect(total.flops / medianMs / 1e6).toBeLessThan(peak.gflops);
}, 30_000);

test("the chart's bars are as long as the medians", () => {
  const row = { computeUnits: "all", device: "a<b", p95Ms: 3, p99Ms: 4, minMs: 1, energy: { unknown: "" } } as const;
  const rest = { loadMs: 0, firstRunMs: 0, runs: 1, inferencesPerSecond: 1, memoryBytes: 0 };
  const svg = latencyChart("title", [
    { ...row, ...rest, p50Ms: 2 },
    { ...row, ...rest, p50Ms: 4 },
  ]);
  const [first, second] = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map((match) => Number(match[1]));
  expect(second! / first!).toBeCloseTo(2);
  expect(svg).toContain("a&#60;b");
});
