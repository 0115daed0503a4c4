import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import {
  decodeNpy,
  FormatError,
  Image,
  NotFoundError,
  type Feature,
  type FeatureInput,
  type FeatureInputs,
} from "../index.ts";
import { UsageError } from "./usage.ts";

const imageSuffix = /\.(jpe?g|png|webp|gif|bmp|heic|avif|tiff?)$/i;

export function isImagePath(text: string): boolean {
  return imageSuffix.test(text);
}

/** Which feature each `[name=]INPUT` is for, before anything is read. */
export function assignInputs(features: readonly Feature[], args: readonly string[]): Map<Feature, string> {
  const assigned = new Map<Feature, string>();
  for (const arg of args) {
    const { feature, text } = splitArgument(features, arg);
    if (assigned.has(feature)) throw new UsageError(`input ${feature.name} is given twice`);
    assigned.set(feature, text);
  }
  const missing = features.find((feature) => !feature.optional && !assigned.has(feature));
  if (missing) {
    const names = features.map(({ name, optional }) => `${name}${optional ? " (optional)" : ""}`).join(", ");
    throw new UsageError(`input ${missing.name} is missing; the model takes ${names}`);
  }
  return assigned;
}

function splitArgument(features: readonly Feature[], arg: string): { feature: Feature; text: string } {
  // Feature names may contain "=" themselves: a known name wins over the first "=".
  const named = features.find(({ name }) => arg.startsWith(`${name}=`));
  if (named) return { feature: named, text: arg.slice(named.name.length + 1) };
  const required = features.filter(({ optional }) => !optional);
  const only = features.length === 1 ? features[0] : required.length === 1 ? required[0] : undefined;
  if (only && (existsSync(arg) || !/^[\w. -]+=/.test(arg))) return { feature: only, text: arg };
  const names = features.map(({ name }) => name).join(", ");
  throw new UsageError(`${arg}: write name=INPUT with one of the model's inputs: ${names}`);
}

/** Reads every assigned input: files where the text names one, else literals. */
export async function readInputs(assigned: ReadonlyMap<Feature, string>): Promise<FeatureInputs> {
  const entries = await Promise.all(
    [...assigned].map(async ([feature, text]) => [feature.name, await readInput(feature, text)] as const),
  );
  return Object.fromEntries(entries);
}

async function readInput(feature: Feature, text: string): Promise<FeatureInput> {
  if (feature.type === "image") return Image.open(text);
  if (text.endsWith(".npy")) {
    const tensor = decodeNpy(await readBytes(text), text);
    return feature.type === "tensor" && feature.dtype ? tensor.to(feature.dtype) : tensor;
  }
  if (text.endsWith(".json")) return parseJson(new TextDecoder().decode(await readBytes(text)), text);
  if (feature.type === "string") return text;
  if (isImagePath(text))
    throw new UsageError(`input ${feature.name} is a ${feature.type}, ${text} a picture: convert it to .npy`);
  if (/^[+-]?(inf|nan)$/i.test(text))
    return /nan/i.test(text) ? Number.NaN : text.startsWith("-") ? -Infinity : Infinity;
  return parseJson(text, `input ${feature.name}`);
}

async function readBytes(path: string): Promise<Uint8Array> {
  if (!existsSync(path)) throw new NotFoundError(`${path}: no such file`);
  return readFile(path);
}

function parseJson(text: string, what: string): FeatureInput {
  try {
    return JSON.parse(text) as FeatureInput;
  } catch {
    const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
    throw new FormatError(`${what}: ${shown} is neither JSON nor a file that exists`);
  }
}
