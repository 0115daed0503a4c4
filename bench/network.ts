import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type DType, type Feature, loadModel, type Model, Tensor } from "../src/index.ts";
import type { Contender } from "./timing.ts";

export interface Feed {
  name: string;
  shape: readonly number[];
  data: Float32Array | Int32Array;
}

export interface TensorFeature {
  name: string;
  shape: readonly number[];
  dtype: DType;
}

const isNetwork = (folder: string): boolean =>
  existsSync(join(folder, "model.mlpackage")) && existsSync(join(folder, "model.onnx"));

export const listNetworks = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => isNetwork(join(folder, name)))
        .sort()
    : [];

/** Ends the process where there is nothing to compare, or not all of it. */
export function requireNetworks(folder: string, names: readonly string[], script = "make_networks.py"): void {
  const missing = names.filter((name) => !isNetwork(join(folder, name)));
  if (names.length > 0 && missing.length === 0) return;
  const what = missing.length > 0 ? `no network ${missing.join(", ")}` : "no network";
  console.error(`${folder}: ${what} (NAME/model.mlpackage and NAME/model.onnx); bench/${script} makes them`);
  process.exit(1);
}

export function tensorFeature({ name, type, shape, dtype }: Feature): TensorFeature {
  if (!shape || !dtype) throw new Error(`feature ${name} is a ${type}; the comparison wants tensors of fixed shape`);
  return { name, shape, dtype };
}

/** The networks make batch norm statistics from normal noise, so that is what they are fed; token ids stay inside every vocabulary. */
export function makeFeed({ name, shape, dtype }: TensorFeature): Feed {
  const count = shape.reduce((a, b) => a * b, 1);
  if (dtype === "int32") {
    const data = Int32Array.from({ length: count }, (_, i) =>
      name.includes("mask") ? 1 : 1000 + ((i * 7919) % 20000),
    );
    return { name, shape, data };
  }
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const data = Float32Array.from({ length: count }, () =>
    Math.fround(Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())),
  );
  return { name, shape, data: Float32Array.from(Float16Array.from(data)) };
}

/** Largest difference over the largest value: a fast wrong answer must not look like a win. */
export function relativeError(got: Float32Array, want: Float32Array): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < want.length; i++) {
    difference = Math.max(difference, Math.abs(got[i]! - want[i]!));
    scale = Math.max(scale, Math.abs(want[i]!));
  }
  return Number.isFinite(difference) ? difference / scale : Number.POSITIVE_INFINITY;
}

export interface OpenNetwork extends Contender, Disposable {
  readonly model: Model;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly feeds: readonly Feed[];
  /** Of its first output. */
  readonly outputValues: Float32Array;
}

export interface NetworkOptions {
  /** `fast` allows bf16 products. */
  precision?: "f16" | "fast";
  /** Where not the model's own shapes. */
  shapes?: Readonly<Record<string, readonly number[]>>;
}

/** This package's side: a network with its memory bound once. */
export async function openNetwork(
  folder: string,
  { precision = "f16", shapes = {} }: NetworkOptions = {},
): Promise<OpenNetwork> {
  const model = await loadModel(join(folder, "model.mlpackage"), precision === "fast" ? { precision } : {});
  const features = model.inputs.map((feature) =>
    tensorFeature({ ...feature, shape: [...(shapes[feature.name] ?? feature.shape ?? [])] }),
  );
  const feeds = features.map(makeFeed);
  const inputs = Object.fromEntries(
    features.map(({ name, shape, dtype }, i) => [name, Tensor.from(feeds[i]!.data, shape, dtype)]),
  );
  // A run tells the outputs' shapes, which a flexible model does not.
  const outputs = model.predictSync(inputs) as Record<string, Tensor>;
  const request = model.bind(inputs, outputs);
  request.run();
  return {
    name: `tensorlogic ${precision}`,
    model,
    inputs,
    feeds,
    outputValues: outputs[model.outputs[0]!.name]!.toFloat32(),
    run: () => request.run(),
    [Symbol.dispose]() {
      request.dispose();
      model.dispose();
    },
  };
}
