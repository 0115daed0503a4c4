import type { Tensor } from "./tensor.ts";
import type { Image } from "./image.ts";
import type { TypedArray } from "./dtype.ts";
import type { NestedNumbers } from "./nested.ts";
import type { Feature } from "./schema.ts";
import { FeatureError } from "./errors.ts";
import { formatShape } from "./shape.ts";

/** A value for an input feature. */
export type FeatureInput =
  | Tensor
  | Image
  | TypedArray
  | NestedNumbers
  | string
  | readonly string[]
  | ReadonlyMap<string | number, number>
  | Readonly<Record<string, number>>;

export type FeatureInputs = Readonly<Record<string, FeatureInput | undefined>>;

/** A value of an output feature. */
export type FeatureOutput =
  Tensor | Image | number | bigint | string | Map<string | number, number> | (string | number)[];

/** Outputs by name. Their types follow the model, which TypeScript cannot know: give `predict` a type argument to have them. */
export type FeatureOutputs = Record<string, FeatureOutput>;

/** What a feature takes, for messages: `float16 [1, 3, 224, 224]`, `a 224×224 RGB image`. */
export function formatFeature(feature: Feature): string {
  switch (feature.type) {
    case "image":
      return `a ${feature.width}×${feature.height} ${feature.colorSpace ?? "RGB"} image`;
    case "tensor":
    case "state":
      return `${feature.dtype ?? "float32"} ${formatFeatureShape(feature)}`;
    case "dictionary":
      return `a dictionary of ${feature.keyType ?? "string"} → number`;
    case "sequence":
      return feature.elementType ? `a sequence of ${feature.elementType}` : "a sequence";
    default:
      return feature.type === "int64" ? "an int64" : `a ${feature.type}`;
  }
}

/** A feature's shape with its ranges: `[1, 3, 64…512, 64…]`, `[1, 8] or [1, 16]`. */
export function formatFeatureShape({ shape, flexible }: Feature): string {
  if (flexible && "enumerated" in flexible) return flexible.enumerated.map(formatShape).join(" or ");
  if (flexible && flexible.ranges.length > 0) {
    const axes = flexible.ranges.map(([lower, upper]) => (lower === upper ? `${lower}` : `${lower}…${upper ?? ""}`));
    return `[${axes.join(", ")}]`;
  }
  return shape && shape.length > 0 ? formatShape(shape) : "of any shape";
}

/** True when the model declares that it takes this shape; a feature without a declared shape takes any. */
export function acceptsShape({ shape, flexible }: Feature, candidate: readonly number[]): boolean {
  const isEqual = (other: readonly number[]) =>
    other.length === candidate.length && other.every((size, axis) => size === candidate[axis]);
  if (flexible && "enumerated" in flexible)
    return flexible.enumerated.some(isEqual) || (shape !== undefined && isEqual(shape));
  if (flexible && flexible.ranges.length > 0) {
    const { ranges } = flexible;
    return (
      candidate.length === ranges.length &&
      candidate.every((size, axis) => size >= ranges[axis]![0] && size <= (ranges[axis]![1] ?? Infinity))
    );
  }
  return shape === undefined || shape.length === 0 || isEqual(shape);
}

/** Throws unless each given name is a feature and each required feature is given. */
export function checkNames(features: readonly Feature[], names: readonly string[], what: "input" | "output"): void {
  const known = features.map(({ name }) => name);
  const list = known.length > 0 ? known.map((name) => JSON.stringify(name)).join(", ") : "none";
  for (const name of names) {
    if (!known.includes(name))
      throw new FeatureError(`the model has no ${what} ${JSON.stringify(name)}; its ${what}s: ${list}`);
  }
  if (what === "output") return;
  for (const feature of features) {
    if (!feature.optional && !names.includes(feature.name)) {
      throw new FeatureError(
        `input ${JSON.stringify(feature.name)} is missing: the model takes ${formatFeature(feature)}`,
      );
    }
  }
}
