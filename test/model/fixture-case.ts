import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Image, type ImageMode, loadModel, Tensor } from "../../src/index.ts";
import { decodeNpy } from "../../src/npy.ts";

export const fixtures = join(import.meta.dir, "../fixtures");
export const caseNames = readdirSync(join(fixtures, "models")).sort();

/** test/fixtures/README.md says what these mean. */
interface Tolerance {
  metric?: { tol: number };
  atol?: number;
  rtol?: number;
}
type Value = Tolerance &
  (
    | { kind: "array"; dtype: string; shape: number[]; file: string }
    | { kind: "image"; mode: ImageMode; width: number; height: number; file: string }
    | { kind: "dict"; items: [string | number, number][] }
    | { kind: "string"; value: string }
    | { kind: "int64"; value: number }
    | { kind: "double"; value: number }
  );
interface Step {
  inputs: Record<string, Value>;
  expected: Record<string, Value>;
  error?: boolean;
}
export interface Case {
  folder: string;
  /** File or package beside the manifest. */
  model: string;
  function: string | null;
  stateful: boolean;
  steps: Step[];
}

export function readCase(name: string): Case {
  const folder = join(fixtures, "models", name);
  return { folder, ...JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) };
}

export function openCase({ folder, model, function: functionName }: Case) {
  return loadModel(join(folder, model), functionName === null ? {} : { functionName });
}

function readArray(folder: string, file: string): Tensor {
  return decodeNpy(readFileSync(join(folder, file)), file);
}

function toInput(value: Value, folder: string) {
  switch (value.kind) {
    case "array":
      return readArray(folder, value.file);
    case "image":
      return Image.fromPixels(readArray(folder, value.file).data as Uint8Array, value);
    case "dict":
      return new Map(value.items);
    default:
      return value.value;
  }
}

export function inputsOf(step: Step, folder: string) {
  return Object.fromEntries(Object.entries(step.inputs).map(([name, value]) => [name, toInput(value, folder)]));
}

/** Nothing when they agree, else where they differ and by how much. */
function differ(got: ArrayLike<number>, want: ArrayLike<number>, { metric, atol = 0, rtol = 0 }: Tolerance): string {
  if (got.length !== want.length) return `${got.length} elements, expected ${want.length}`;
  let largest = 0;
  for (let i = 0; i < want.length; i++) largest = Math.max(largest, Math.abs(want[i]!));
  for (let i = 0; i < want.length; i++) {
    const allowed = metric ? metric.tol * largest : atol + rtol * Math.abs(want[i]!);
    const isEqual = got[i] === want[i] || (Number.isNaN(got[i]) && Number.isNaN(want[i]));
    if (!isEqual && !(Math.abs(got[i]! - want[i]!) <= allowed)) {
      return `[${i}] is ${got[i]}, expected ${want[i]} ± ${allowed}`;
    }
  }
  return "";
}

function differFromMap(got: unknown, want: Value & { kind: "dict" }): string {
  if (!(got instanceof Map)) return `${got} is not a Map`;
  const keys = want.items.map(([key]) => key);
  if (got.size !== keys.length) return `${got.size} keys, expected ${keys.length}`;
  const values = new Map([...(got as Map<unknown, number>)].map(([key, number]) => [String(key), number]));
  const list = keys.map((key) => values.get(String(key)) ?? Number.NaN);
  return differ(
    list,
    want.items.map(([, number]) => number),
    want,
  );
}

/** Nothing when an output is what the case expects. */
export function differFromExpected(got: unknown, want: Value, folder: string): string {
  if (want.kind === "dict") return differFromMap(got, want);
  if (want.kind === "string") return got === want.value ? "" : `${JSON.stringify(got)}, expected "${want.value}"`;
  if (want.kind === "int64") return Number(got) === want.value ? "" : `${got}, expected ${want.value}`;
  if (want.kind === "double")
    return typeof got === "number" ? differ([got], [want.value], want) : `${got} is no number`;
  const expected = readArray(folder, want.file);
  if (want.kind === "image") {
    return got instanceof Image
      ? differ(got.toPixels(want.mode).data, expected.toFloat64(), want)
      : `${got} is not an Image`;
  }
  if (!(got instanceof Tensor)) return `${got} is not a Tensor`;
  if (got.shape.join() !== want.shape.join()) return `shape [${got.shape}], expected [${want.shape}]`;
  return differ(got.toFloat64(), expected.toFloat64(), want);
}
