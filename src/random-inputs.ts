import { ArgumentError } from "./errors.ts";
import { type FeatureInput, type FeatureInputs, formatFeature } from "./features.ts";
import { Image } from "./image.ts";
import type { Feature } from "./schema.ts";
import { Tensor } from "./tensor.ts";

/**
 * Inputs for a model of which only time or range matters: normal noise for floating point tensors, small whole numbers for integer ones (valid
 * as token ids and indices of most models), noise pictures. Optional inputs are left out. The same `seed` gives the same inputs.
 */
export function randomInputs(features: readonly Feature[], seed = 1): FeatureInputs {
  const random = generator(seed);
  const required = features.filter(({ optional }) => !optional);
  return Object.fromEntries(required.map((feature) => [feature.name, randomInput(feature, random)]));
}

function randomInput(feature: Feature, random: () => number): FeatureInput {
  switch (feature.type) {
    case "image":
      return randomImage(feature, random);
    case "tensor":
      return randomTensor(feature, random);
    case "int64":
      return 1;
    case "double":
      return random();
    case "string":
      return "a";
    case "dictionary":
      return new Map([[feature.keyType === "int64" ? 1 : "a", 1]]);
    default:
      throw new ArgumentError(`input ${feature.name}: no random value is known for ${formatFeature(feature)}`);
  }
}

function randomTensor(feature: Feature, random: () => number): Tensor {
  const { name, shape, dtype = "float32" } = feature;
  if (!shape || shape.length === 0 || shape.some((size) => size < 0))
    throw new ArgumentError(`input ${name}: the model declares no shape, so give it one: ${name}=FILE.npy`);
  const count = shape.reduce((product, size) => product * size, 1);
  const isFloat = dtype.startsWith("float");
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const values = Float32Array.from({ length: count }, () => (isFloat ? normal() : Math.floor(random() * 2)));
  return Tensor.from(values, shape, dtype);
}

function randomImage({ width = 0, height = 0, colorSpace }: Feature, random: () => number): Image {
  const mode = colorSpace === "L" || colorSpace === "F" ? "L" : "RGB";
  const bytes = Uint8Array.from({ length: width * height * (mode === "L" ? 1 : 3) }, () => Math.floor(random() * 256));
  return Image.fromPixels(bytes, { width, height, mode });
}

/** Park and Miller's minimal standard generator: numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = Math.max(1, seed % 2147483647);
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}
