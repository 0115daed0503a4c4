import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { ArgumentError, UnsupportedError } from "../errors.ts";
import type { FeatureInput, FeatureOutput } from "../features.ts";
import { Image } from "../image.ts";
import { loadModel, type Model } from "../model.ts";
import type { Feature } from "../schema.ts";
import { Tensor } from "../tensor.ts";
import { Weights } from "../weights.ts";
import { onlyValue } from "./operators.ts";
import { describeValue, RecordValue, type CallArguments, type Value } from "./values.ts";

/** A path of a script: relative to the script's folder, or else to the current one. */
export function locate(path: string, folder: string): string {
  if (isAbsolute(path)) return path;
  const beside = resolve(folder, path);
  return existsSync(beside) || !existsSync(path) ? beside : path;
}

export async function load(path: string, folder: string): Promise<Model | Weights> {
  return await loadModel(locate(path, folder));
}

export function getTensor(model: Model | Weights, { positional, named }: CallArguments): Tensor {
  const [name] = positional;
  if (positional.length !== 1 || named.size > 0 || typeof name !== "string")
    throw new ArgumentError(`get_tensor takes the name of a tensor, found ${describeArguments({ positional, named })}`);
  if (model instanceof Weights) return model.tensor(name);
  throw new UnsupportedError(`${model.path}: get_tensor reads SafeTensors and GGUF files, this is a Core ML model`);
}

/** predict(x), predict(a, b) in the order of the model's inputs, or predict(name: value). */
export async function predict(model: Model | Weights, args: CallArguments, folder: string): Promise<Value> {
  if (model instanceof Weights)
    throw new UnsupportedError(
      `${model.path}: predict runs Core ML models; a ${model.metadata.format} file has no program`,
    );
  const { positional, named } = args;
  if (positional.length > model.inputs.length) {
    const names = model.inputs.map(({ name }) => name).join(", ");
    throw new ArgumentError(`predict: ${positional.length} values for the inputs ${names}`);
  }
  const given = new Map(positional.map((value, i) => [model.inputs[i]!.name, value]));
  for (const [name, value] of named) {
    if (given.has(name)) throw new ArgumentError(`predict: the input ${name} is there twice`);
    given.set(name, value);
  }
  const inputs: Record<string, FeatureInput> = {};
  for (const [name, value] of given) {
    const feature = model.inputs.find((input) => input.name === name);
    inputs[name] = await toInput(value, feature, folder);
  }
  const outputs = await model.predict(inputs);
  return new RecordValue(new Map(Object.entries(outputs).map(([name, output]) => [name, fromOutput(output)])));
}

async function toInput(value: Value, feature: Feature | undefined, folder: string): Promise<FeatureInput> {
  const only = onlyValue(value);
  if (typeof only === "string") return feature?.type === "image" ? await Image.open(locate(only, folder)) : only;
  if (typeof only === "number" || only instanceof Tensor || only instanceof Image) return only;
  if (Array.isArray(only)) return only as FeatureInput;
  throw new ArgumentError(`predict: ${feature?.name ?? "an input"} is ${describeValue(only)}`);
}

function fromOutput(output: FeatureOutput): Value {
  if (output instanceof Map)
    return new RecordValue(new Map([...output].map(([key, value]) => [String(key), value] as const)));
  return output instanceof Tensor || output instanceof Image ? output : toValue(output);
}

/** A plain JavaScript value in the language; integers beyond 2^53 as their digits. */
export function toValue(value: unknown): Value {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (Array.isArray(value)) return value.map(toValue);
  if (typeof value === "object" && value !== null)
    return new RecordValue(new Map(Object.entries(value).map(([key, item]) => [key, toValue(item)])));
  return typeof value === "number" || typeof value === "string" || typeof value === "boolean" ? value : undefined;
}

/** The arguments of a call for messages. */
export function describeArguments({ positional, named }: CallArguments): string {
  const parts = [
    ...positional.map(describeValue),
    ...[...named].map(([name, value]) => `${name}: ${describeValue(value)}`),
  ];
  return parts.length === 0 ? "no arguments" : parts.join(", ");
}
