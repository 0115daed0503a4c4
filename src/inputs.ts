import { dtypeOf, type DType } from "./dtype.ts";
import { FeatureError } from "./errors.ts";
import { acceptsShape, formatFeature, type FeatureInput } from "./features.ts";
import { Image, type PreparedPixels } from "./image.ts";
import type { CropMode } from "./image/fit.ts";
import type { PixelLayout } from "./native/image.ts";
import type { NestedNumbers } from "./nested.ts";
import type { Feature } from "./schema.ts";
import { describe, elementCount, formatShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** A value that is ready to be bound to a request. */
export type BoundInput =
  { kind: "tensor"; tensor: Tensor } | { kind: "image"; pixels: PreparedPixels } | { kind: "value"; value: unknown };

/** An image that still has to be decoded and fitted: done on this thread or off it, as the caller likes. */
export interface PendingImage {
  kind: "pending";
  image: Image;
  width: number;
  height: number;
  layout: PixelLayout;
  crop: CropMode;
}

/** Converts one value to what its feature takes; FeatureError names the feature, the value and what was expected. */
export function convertInput(feature: Feature, value: FeatureInput, crop: CropMode): BoundInput | PendingImage {
  switch (feature.type) {
    case "tensor":
      return { kind: "tensor", tensor: toTensor(feature, value) };
    case "image":
      return toImage(feature, value, crop);
    case "int64":
    case "double":
      return { kind: "value", value: toNumber(feature, value) };
    case "string":
      if (typeof value !== "string") throw mismatch(feature, value);
      return { kind: "value", value };
    case "dictionary":
      return { kind: "value", value: toEntries(feature, value) };
    case "sequence":
      return { kind: "value", value: toElements(feature, value) };
    case "state":
      throw new FeatureError(`${JSON.stringify(feature.name)} is a state: write it with model.newState().write`);
  }
}

function mismatch(feature: Feature, value: unknown): FeatureError {
  const text =
    value instanceof Tensor
      ? `${value.dtype} ${formatShape(value.shape)}`
      : value instanceof Image
        ? value.toString()
        : describe(value);
  return new FeatureError(`feature ${JSON.stringify(feature.name)} takes ${formatFeature(feature)}, got ${text}`);
}

/** Every value of the first type is a value of each of the others. */
const widerTypes: Readonly<Partial<Record<DType, readonly DType[]>>> = {
  float16: ["float32", "float64"],
  float32: ["float64"],
  int8: ["int16", "int32", "float16", "float32", "float64"],
  uint8: ["int16", "uint16", "int32", "uint32", "float16", "float32", "float64"],
  bool: ["uint8", "int8", "int16", "uint16", "int32", "uint32", "float16", "float32", "float64"],
  int16: ["int32", "float32", "float64"],
  uint16: ["int32", "uint32", "float32", "float64"],
  int32: ["float64"],
  uint32: ["float64"],
};

/** A tensor whose type fits the feature: itself, or widened where no value changes. */
export function widenTensor(feature: Feature, tensor: Tensor): Tensor {
  const dtype = feature.dtype ?? tensor.dtype;
  if (tensor.dtype === dtype) return tensor;
  if (widerTypes[tensor.dtype]?.includes(dtype)) return tensor.to(dtype);
  const name = JSON.stringify(feature.name);
  throw new FeatureError(
    `feature ${name} takes ${formatFeature(feature)}, got ${tensor.dtype} ${formatShape(tensor.shape)}; tensor.to("${dtype}") converts`,
  );
}

function toTensor(feature: Feature, value: FeatureInput): Tensor {
  const tensor = value instanceof Tensor ? widenTensor(feature, value) : fromNumbers(feature, value);
  if (!acceptsShape(feature, tensor.shape)) throw mismatch(feature, tensor);
  return tensor;
}

/** Typed arrays and (nested) numbers become tensors of the feature's own type. */
function fromNumbers(feature: Feature, value: FeatureInput): Tensor {
  const dtype = feature.dtype ?? "float32";
  const isFlat = dtypeOf(value) !== undefined || (Array.isArray(value) && !Array.isArray(value[0]));
  if (!isFlat && !Array.isArray(value) && typeof value !== "number") throw mismatch(feature, value);
  if (Array.isArray(value) && typeof value[0] === "string") throw mismatch(feature, value);
  const tensor = Tensor.from(value as NestedNumbers, undefined, dtype);
  // Flat data takes the declared default shape when its length fits that.
  if (isFlat && feature.shape && elementCount(feature.shape) === tensor.elementCount)
    return tensor.reshape(feature.shape);
  if (typeof value === "number" && feature.shape && elementCount(feature.shape) === 1)
    return tensor.reshape(feature.shape);
  if (acceptsShape(feature, tensor.shape)) return tensor;
  throw isFlat
    ? new FeatureError(
        `feature ${JSON.stringify(feature.name)} takes ${formatFeature(feature)}, got ${tensor.elementCount} elements${feature.flexible ? "; give a Tensor of one of its shapes" : ""}`,
      )
    : mismatch(feature, tensor);
}

const layoutOf = { RGB: "RGBA", BGR: "RGBA", L: "L", F: "F16" } as const satisfies Record<string, PixelLayout>;

function toImage(feature: Feature, value: FeatureInput, crop: CropMode): PendingImage {
  const image = value instanceof Tensor ? imageFromTensor(feature, value) : value;
  if (!(image instanceof Image)) throw mismatch(feature, value);
  const layout = layoutOf[feature.colorSpace ?? "RGB"];
  const { width, height } = pickSize(feature, image);
  return { kind: "pending", image, width, height, layout, crop };
}

/** The picture's own size where the model takes it, else the model's default. */
function pickSize(feature: Feature, image: Image): { width: number; height: number } {
  const { width = image.width, height = image.height, flexible } = feature;
  if (!flexible) return { width, height };
  // Image shapes of flexible features are listed as [height, width].
  const isTaken = acceptsShape({ ...feature, shape: [height, width] }, [image.height, image.width]);
  return isTaken ? { width: image.width, height: image.height } : { width, height };
}

/** A tensor of 0…255 as a picture: [height, width, channels] for uint8, else [(1,) channels, height, width]. */
function imageFromTensor(feature: Feature, tensor: Tensor): Image {
  const shape = tensor.shape.length === 4 && tensor.shape[0] === 1 ? tensor.shape.slice(1) : tensor.shape;
  const isInterleaved = tensor.dtype === "uint8" && shape.length === 3 && shape[2]! <= 4;
  const [channels, height, width] =
    shape.length === 2 ? [1, ...shape] : isInterleaved ? [shape[2], shape[0], shape[1]] : shape;
  const mode = ({ 1: "L", 3: "RGB", 4: "RGBA" } as const)[channels as 1 | 3 | 4];
  if (mode === undefined || shape.length < 2 || shape.length > 3 || !width || !height) throw mismatch(feature, tensor);
  if (feature.colorSpace === "F" && channels === 1)
    return Image.fromPixels(tensor.toFloat32(), { width, height, mode: "F" });
  const values = Uint8ClampedArray.from(tensor.toFloat32());
  if (isInterleaved || channels === 1) return Image.fromPixels(values, { width, height, mode });
  const planar = width * height;
  const pixels = new Uint8Array(values.length);
  for (let i = 0; i < planar; i++)
    for (let c = 0; c < channels!; c++) pixels[i * channels! + c] = values[c * planar + i]!;
  return Image.fromPixels(pixels, { width, height, mode });
}

function toNumber(feature: Feature, value: FeatureInput): number | string {
  const scalar = value instanceof Tensor && value.elementCount === 1 ? value.toFloat64()[0]! : value;
  if (typeof scalar === "boolean") return Number(scalar);
  if (typeof scalar === "bigint") return Number.isSafeInteger(Number(scalar)) ? Number(scalar) : scalar.toString();
  if (typeof scalar !== "number") throw mismatch(feature, value);
  if (feature.type === "int64" && !Number.isSafeInteger(scalar)) throw mismatch(feature, scalar);
  // JSON has no infinities and no NaN: they travel as text.
  return Number.isFinite(scalar) ? scalar : String(scalar);
}

function toElements(feature: Feature, value: FeatureInput): (string | number)[] {
  const elements: unknown[] | undefined = Array.isArray(value)
    ? value
    : ArrayBuffer.isView(value) && !(value instanceof DataView)
      ? [...(value as unknown as Iterable<number>)]
      : undefined;
  if (elements === undefined) throw mismatch(feature, value);
  return elements.map((element, index) => {
    if (feature.elementType !== "int64" && typeof element === "string") return element;
    if (feature.elementType !== "string") {
      // JSON has no 64-bit integers: those past 2^53 travel as digits.
      if (typeof element === "bigint") return element.toString();
      if (Number.isSafeInteger(element)) return element as number;
    }
    const name = JSON.stringify(feature.name);
    throw new FeatureError(
      `feature ${name}: element ${index} is ${describe(element)}, expected ${feature.elementType === "int64" ? "an integer" : "a string"}`,
    );
  });
}

function toEntries(feature: Feature, value: FeatureInput): [string | number, number][] {
  const isRecord = typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
  if (!(value instanceof Map) && !isRecord) throw mismatch(feature, value);
  const entries =
    value instanceof Map
      ? [...(value as ReadonlyMap<string | number, number>)]
      : Object.entries(value as Record<string, number>);
  return entries.map(([key, number]) => {
    if (typeof number !== "number")
      throw new FeatureError(
        `feature ${JSON.stringify(feature.name)}: the value of key ${describe(key)} is ${describe(number)}, expected a number`,
      );
    return [feature.keyType === "int64" ? Number(key) : String(key), number];
  });
}
