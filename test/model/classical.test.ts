import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type FeatureInput, loadModel, Tensor } from "../../src/index.ts";

const folder = join(import.meta.dir, "../fixtures/classical");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length));

/** test/fixtures/README.md says what these mean. */
type Value =
  | number
  | string
  | { number: string }
  | { bigint: string }
  | { pairs: [string | number, number | { number: string }][] }
  | { list: (string | number)[] }
  | { array: (number | { number: string })[]; shape: number[]; dtype?: "float32" };
interface Step {
  inputs: Record<string, Value>;
  outputs?: Record<string, Value>;
  error?: string;
}
interface Case {
  kind: string;
  tolerance: number;
  classLabels?: (string | number)[];
  steps: Step[];
}

const plain = (value: number | { number: string }) => (typeof value === "number" ? value : Number(value.number));

function toInput(value: Value): FeatureInput {
  if (typeof value === "number" || typeof value === "string") return value;
  if ("number" in value) return Number(value.number);
  if ("pairs" in value) return new Map(value.pairs.map(([key, number]) => [key, plain(number)]));
  if ("list" in value) return value.list as FeatureInput;
  if ("array" in value)
    return Tensor.from(Float64Array.from(value.array, plain), value.shape, value.dtype ?? "float64");
  throw new Error(`no input: ${JSON.stringify(value)}`);
}

function expectNumbers(got: ArrayLike<number>, want: (number | { number: string })[], tolerance: number): void {
  expect(got.length).toBe(want.length);
  for (const [i, item] of want.entries()) {
    const number = plain(item);
    const difference = Math.abs(got[i]! - number);
    if (Object.is(got[i], number) || difference <= tolerance * Math.max(1, Math.abs(number))) continue;
    throw new Error(`[${i}] is ${got[i]}, expected ${number} ± ${tolerance}`);
  }
}

function expectValue(got: unknown, want: Value, tolerance: number): void {
  if (typeof want === "string") return void expect(got).toBe(want);
  if (typeof want === "number" || "number" in want) {
    expect(typeof got).toBe("number");
    return expectNumbers([got as number], [want], tolerance);
  }
  if ("bigint" in want) return void expect(got).toBe(BigInt(want.bigint));
  if ("list" in want) return void expect(got).toEqual(want.list);
  if ("array" in want) {
    expect(got).toBeInstanceOf(Tensor);
    const tensor = got as Tensor;
    expect([...tensor.shape]).toEqual(want.shape);
    return expectNumbers(tensor.toFloat64(), want.array, tolerance);
  }
  const map = got as Map<string | number, number>;
  expect([...map.keys()].sort()).toEqual(want.pairs.map(([key]) => key).sort());
  expectNumbers(
    want.pairs.map(([key]) => map.get(key)!),
    want.pairs.map(([, number]) => number),
    tolerance,
  );
}

test.each(names)("%s", async (name) => {
  const expected = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Case;
  const file = join(folder, `${name}.mlmodel`);
  using model = await loadModel(existsSync(file) ? file : join(folder, `${name}.mlpackage`));
  expect(model.metadata.kind).toBe(expected.kind.toLowerCase());
  expect(model.classLabels ?? undefined).toEqual(expected.classLabels);
  for (const [n, step] of expected.steps.entries()) {
    const inputs = Object.fromEntries(Object.entries(step.inputs).map(([key, value]) => [key, toInput(value)]));
    if (step.error !== undefined) {
      expect(() => model.predictSync(inputs)).toThrow(new RegExp(step.error));
      continue;
    }
    const outputs = n % 2 === 0 ? model.predictSync(inputs) : await model.predict(inputs);
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(step.outputs!).sort());
    for (const [key, want] of Object.entries(step.outputs!)) {
      try {
        expectValue(outputs[key], want, expected.tolerance);
      } catch (error) {
        throw new Error(`step ${n}, ${key}: ${(error as Error).message}`, { cause: error });
      }
    }
  }
});
