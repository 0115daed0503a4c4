import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DType, Image, type ImageMode, loadModel, type State, Tensor } from "../../src/index.ts";
import { decodeNpy } from "../../src/npy.ts";

/** Absolute and relative bounds, or a measure of the whole tensor, as the recorded test had it. */
interface Tolerance {
  atol?: number;
  rtol?: number;
  metric?: { kind: string; delta?: number; snr?: number; psnr?: number; mismatch_ratio?: number };
}
type Value = Tolerance & {
  kind: "array" | "image" | "dict" | "double" | "int64" | "string" | "list";
  file?: string;
  mode?: ImageMode;
  width?: number;
  height?: number;
  how?: string;
  items?: [string | number, number][];
  value?: unknown;
};
interface Step {
  do: "predict" | "write_state" | "read_state";
  name?: string;
  inputs: Record<string, Value>;
  expected?: Record<string, Value>;
  error?: boolean;
}
export interface RecordedCase {
  id: string;
  test: string;
  model: string;
  function: string | null;
  stateful: boolean;
  ops: Record<string, number>;
  features: { inputs: { name: string; dtype?: string }[]; states?: { name: string; dtype?: string }[] };
  steps: Step[];
}

const dtypes: Record<string, DType> = {
  FLOAT16: "float16",
  FLOAT32: "float32",
  DOUBLE: "float64",
  INT32: "int32",
  INT8: "int8",
};

function readArray(folder: string, value: Value): { data: Float64Array; shape: number[] } {
  const tensor = decodeNpy(readFileSync(join(folder, value.file!)), value.file!);
  return { data: tensor.toFloat64(), shape: tensor.shape.length === 0 ? [1] : [...tensor.shape] };
}

function toInput(value: Value, folder: string, dtype: DType) {
  switch (value.kind) {
    case "array": {
      const { data, shape } = readArray(folder, value);
      return Tensor.from(data, shape, dtype);
    }
    case "image": {
      const { data } = readArray(folder, value);
      const pixels = value.mode === "F" ? Float32Array.from(data) : Uint8Array.from(data);
      return Image.fromPixels(pixels, { width: value.width!, height: value.height!, mode: value.mode! });
    }
    case "dict":
      return new Map(value.items);
    default:
      return value.value as number | string;
  }
}

/** Recorded f16 tolerances of 0.5 hide real errors; the tightened one is 2e-3 of the largest value and 2e-2 of each. */
function bounds({ atol = 1e-4, rtol = 1e-5, metric }: Tolerance, want: Float64Array): { atol: number; rtol: number } {
  if (metric?.kind === "rel_error" || atol < 0.5) return { atol, rtol };
  const largest = want.reduce((top, x) => (Number.isFinite(x) ? Math.max(top, Math.abs(x)) : top), 1);
  return { atol: 2e-3 * largest, rtol: 2e-2 };
}

function differByRatio(got: Float64Array, want: Float64Array, { snr = 0, psnr = 0 }: { snr?: number; psnr?: number }) {
  let [noise, power, peak] = [0, 0, 0];
  want.forEach((x, i) => {
    noise += (x - got[i]!) ** 2;
    power += x * x;
    peak = Math.max(peak, x * x);
  });
  noise = noise / want.length + 1e-7;
  const [ratio, peakRatio] = [10 * Math.log10(power / want.length / noise), 10 * Math.log10(peak / noise)];
  return ratio >= snr && peakRatio >= psnr ? "" : `SNR ${ratio.toFixed(1)} dB, PSNR ${peakRatio.toFixed(1)} dB`;
}

function differNumbers(got: Float64Array, want: Float64Array, tolerance: Tolerance): string {
  if (got.length !== want.length) return `${got.length} elements, expected ${want.length}`;
  const { metric } = tolerance;
  if (metric?.kind === "shape" || metric?.kind === "nondeterministic") return "";
  if (metric?.kind === "snr") return differByRatio(got, want, metric);
  const { atol, rtol } = bounds(tolerance, want);
  let [differing, first] = [0, -1];
  want.forEach((x, i) => {
    const difference = Math.abs(got[i]! - x);
    const isEqual = got[i] === x || (Number.isNaN(got[i]) && Number.isNaN(x));
    const allowed =
      metric?.kind === "rel_error" ? (metric.delta ?? 0) * Math.max(Math.abs(x), 1) : atol + rtol * Math.abs(x);
    if (isEqual || difference <= allowed) return;
    differing++;
    if (first < 0) first = i;
  });
  if (differing <= (metric?.mismatch_ratio ?? 0) * want.length) return "";
  return `${differing} of ${want.length} differ, [${first}] is ${got[first]}, expected ${want[first]}`;
}

function differ(got: unknown, want: Value, folder: string): string {
  switch (want.kind) {
    case "dict": {
      if (!(got instanceof Map)) return `${got} is not a Map`;
      const values = new Map([...(got as Map<unknown, number>)].map(([key, number]) => [String(key), Number(number)]));
      if (values.size !== want.items!.length) return `${values.size} keys, expected ${want.items!.length}`;
      const list = Float64Array.from(want.items!, ([key]) => values.get(String(key)) ?? Number.NaN);
      return differNumbers(
        list,
        Float64Array.from(want.items!, ([, number]) => number),
        want,
      );
    }
    case "string":
      return String(got) === want.value ? "" : `${JSON.stringify(got)}, expected ${JSON.stringify(want.value)}`;
    case "list":
      return JSON.stringify(got) === JSON.stringify(want.value) ? "" : `${got}, expected ${want.value}`;
    case "double":
    case "int64": {
      const number = got instanceof Tensor ? got.toFloat64()[0]! : Number(got);
      return differNumbers(Float64Array.of(number), Float64Array.of(Number(want.value)), want);
    }
    default: {
      const expected = readArray(folder, want);
      if (want.kind === "image") {
        if (!(got instanceof Image)) return `${got} is not an Image`;
        return differNumbers(Float64Array.from(got.toPixels(want.mode!).data), expected.data, want);
      }
      if (typeof got === "number") return differNumbers(Float64Array.of(got), expected.data, want);
      if (!(got instanceof Tensor)) return `${got} is not a Tensor`;
      const squeeze = (shape: readonly number[]) => shape.filter((size) => size !== 1).join();
      const isShapeEqual =
        want.how === "_test_model"
          ? squeeze(got.shape) === squeeze(expected.shape)
          : (got.shape.length === 0 ? [1] : got.shape).join() === expected.shape.join();
      if (!isShapeEqual) return `shape [${got.shape}], expected [${expected.shape}]`;
      return differNumbers(got.toFloat64(), expected.data, want);
    }
  }
}

function runStep(
  model: Awaited<ReturnType<typeof loadModel>>,
  step: Step,
  folder: string,
  dtypeOf: (name: string) => DType,
  state?: State,
): string {
  const inputs = Object.fromEntries(
    Object.entries(step.inputs).map(([name, value]) => [name, toInput(value, folder, dtypeOf(name))]),
  );
  if (step.do === "write_state") {
    state!.write(step.name!, inputs[step.name!] as Tensor);
    return "";
  }
  const predict = () => model.predictSync(inputs, state ? { state } : {});
  if (step.error === true) {
    try {
      predict();
    } catch {
      return "";
    }
    return "accepted what must be refused";
  }
  const outputs: Record<string, unknown> =
    step.do === "read_state" ? { [step.name!]: state!.read(step.name!) } : predict();
  for (const [name, want] of Object.entries(step.expected ?? {})) {
    const difference = name in outputs ? differ(outputs[name], want, folder) : "is missing";
    if (difference !== "") return `${name}: ${difference}`;
  }
  return "";
}

/** Nothing when every step gives what the recorded test expects, else what differs. */
export async function replay(folder: string, recorded: RecordedCase): Promise<string> {
  const options = recorded.function === null ? {} : { functionName: recorded.function };
  using model = await loadModel(join(folder, recorded.model), options);
  const declared = new Map(
    [...recorded.features.inputs, ...(recorded.features.states ?? [])].map(({ name, dtype }) => [name, dtype]),
  );
  const dtypeOf = (name: string) => dtypes[declared.get(name) ?? "FLOAT32"] ?? "float32";
  using state = recorded.stateful ? model.newState() : undefined;
  for (const [n, step] of recorded.steps.entries()) {
    const difference = runStep(model, step, folder, dtypeOf, state);
    if (difference !== "") return `step ${n}: ${difference}`;
  }
  return "";
}
