import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { loadModel, Tensor, type Comparison, type FeatureInputs, type Model } from "../src/index.ts";
import { fixtureModel, fixtures } from "./support/fixtures.ts";

/** The inputs of the first step of a fixture's manifest. */
async function fixtureInputs(id: string): Promise<FeatureInputs> {
  const { decodeNpy } = await import("../src/npy.ts");
  const manifest = await Bun.file(`${fixtures}/${id}/manifest.json`).json();
  const entries = Object.entries<{ kind: string; file: string; dtype: string }>(manifest.steps[0].inputs).map(
    async ([name, value]) =>
      [name, decodeNpy(await Bun.file(`${fixtures}/${id}/${value.file}`).bytes(), value.file)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function compareFixture(id: string): Promise<Comparison> {
  using model = await loadModel(fixtureModel(id));
  return model.compare(await fixtureInputs(id));
}

const operation = (comparison: Comparison, name: string) =>
  comparison.operations.find((candidate) => candidate.operation === name)!;

describe("compare", () => {
  test("names the operation of a naive RMS norm that overflows", async () => {
    const comparison = await compareFixture("rms_norm_naive");
    expect(comparison.operations.map(({ operation, infinite, flushed }) => [operation, infinite, flushed])).toEqual([
      ["squared", 3, 0],
      ["mean", 1, 0],
      ["inverse", 0, 0],
      ["y", 0, 0],
    ]);
    expect(operation(comparison, "squared").absMax).toBe(160_000);
    expect(operation(comparison, "y").drift).toBe(1);
  });

  test("names the operation whose results are too small for f16", async () => {
    const comparison = await compareFixture("underflow");
    expect(comparison.operations.map(({ operation, flushed }) => [operation, flushed])).toEqual([
      ["squared", 4],
      ["mean", 1],
      ["y", 0],
    ]);
    expect(operation(comparison, "squared").absMax).toBeCloseTo(1.21e-8, 9);
  });

  test("a model in f32 is run as its conversion to f16 would", async () => {
    const comparison = await compareFixture("add_one_f32");
    expect(comparison.narrowed).toBe(true);
    expect(comparison.operations.map(({ type, dtype }) => [type, dtype])).toEqual([["add", "fp16"]]);
    expect(comparison.operations[0]!.drift).toBeWithin(1e-6, 1e-3);
    expect((await compareFixture("add_one")).narrowed).toBe(false);
  });

  test("follows a convolution that runs channels-last", async () => {
    const comparison = await compareFixture("conv_residual");
    expect(comparison.divergedAt).toBeNull();
    expect(comparison.operations.filter(({ type }) => type === "conv").length).toBe(3);
    for (const { drift, infinite } of comparison.operations) {
      expect(infinite).toBe(0);
      expect(drift).toBeWithin(0, 5e-3);
    }
  });

  test("follows loops, whose operations are there once with all rounds", async () => {
    const comparison = await compareFixture("loop_nested_f32");
    expect(comparison.divergedAt).toBeNull();
    const names = comparison.operations.map(({ operation }) => operation);
    expect(new Set(names).size).toBe(names.length);
    expect(comparison.operations.some(({ count, shape }) => count > shape.reduce((a, b) => a * b, 1))).toBe(true);
  });

  test("starts from the given state", async () => {
    using model = await loadModel(fixtureModel("stateful"));
    using state = model.newState();
    const inputs = { [model.inputs[0]!.name]: fill(model) };
    const before = model.compare(inputs, { state }).operations.at(-1)!.absMax!;
    model.predictSync(inputs, { state });
    expect(model.compare(inputs, { state }).operations.at(-1)!.absMax!).toBeGreaterThan(before);
  });

  function fill(model: Model): Tensor {
    const x = Tensor.zeros(model.inputs[0]!.shape!, model.inputs[0]!.dtype);
    x.data.fill(1);
    return x;
  }
});

describe("profile", () => {
  test("has a step per operation with what is fused into it", async () => {
    using model = await loadModel(fixtureModel("conv_relu"));
    const profile = model.profile(await fixtureInputs("conv_relu"), { repeat: 3 });
    expect(profile.runs).toBe(3);
    const conv = profile.operations.find(({ type }) => type === "conv")!;
    expect(conv.kernel).toBe("3×3 stride 2×2");
    expect(conv.fused.map(({ type }) => type)).toEqual(["relu"]);
    expect(conv.calls).toBe(1);
    const [, channels, height, width] = conv.shape as [number, number, number, number];
    // Two per product, one per element for the ReLU.
    expect(conv.flops).toBe(channels * height * width * (2 * 3 * 9 + 1));
    expect(profile.operations.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  });

  test("counts the operations and bytes of a product", async () => {
    using model = await loadModel(fixtureModel("linear"));
    const { operations } = model.profile(await fixtureInputs("linear"), { repeat: 1 });
    const linear = operations.find(({ type }) => type === "linear")!;
    const inputCount = model.inputs[0]!.shape!.at(-1)!;
    const [rows, outputCount] = linear.shape as [number, number];
    expect(linear.flops).toBe(2 * rows * inputCount * outputCount);
    const elements = rows * inputCount + inputCount * outputCount + outputCount + rows * outputCount;
    expect(linear.bytes).toBe(2 * elements);
  });

  test("counts the rounds of a loop", async () => {
    using model = await loadModel(fixtureModel("loop_nested_f32"));
    const { operations } = model.profile(await fixtureInputs("loop_nested_f32"), { repeat: 2 });
    expect(Math.max(...operations.map(({ calls }) => calls))).toBeGreaterThan(1);
  });

  test("a repeat of 0 is refused", async () => {
    using model = await loadModel(fixtureModel("linear"));
    const inputs = await fixtureInputs("linear");
    expect(() => model.profile(inputs, { repeat: 0 })).toThrow("repeat is 0, expected an integer of at least 1");
  });
});

const tensorModels = readdirSync(fixtures).filter(
  (id) => !/^(multi_function|classifier|image|state|nn_(image|flexible))/.test(id),
);

test.each(tensorModels)("%s: f16 and f32 meet at every operation", async (id) => {
  const comparison = await compareFixture(id);
  expect(comparison.divergedAt).toBeNull();
});
