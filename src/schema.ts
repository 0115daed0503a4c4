import { z } from "zod";
import { ArgumentError } from "./errors.ts";

/** Which devices Core ML may use (`MLComputeUnits`). */
export const computeUnits = z.enum(["all", "cpuOnly", "cpuAndGPU", "cpuAndNeuralEngine"]);

export const loadOptions = z.strictObject({
  computeUnits: computeUnits.optional(),
  /** The function of a multi-function model; default: the model's own default. */
  functionName: z.string().min(1).optional(),
  /** Arithmetic: as the model says; `f32` widens everything for comparison (Linux only); `fast` lets a Mac's GPU sum in f16, and on Linux with AMX multiplies f16 numbers as bf16 (error 3e-3; `device` says so). */
  precision: z.enum(["model", "f32", "fast"]).optional(),
});

const dtype = z.enum(["float16", "float32", "float64", "int32", "int8", "uint8", "int16", "uint16", "uint32", "bool"]);
const shape = z.array(z.number().int());

/** Shapes that a feature takes besides its default one. */
const flexibility = z.union([
  z.object({ enumerated: z.array(shape) }),
  /** Per axis: smallest and largest size; `null` means without limit. */
  z.object({ ranges: z.array(z.tuple([z.number().int(), z.number().int().nullable()])) }),
]);

export const feature = z.strictObject({
  name: z.string(),
  type: z.enum(["image", "tensor", "int64", "double", "string", "dictionary", "sequence", "state"]),
  optional: z.boolean(),
  description: z.string().optional(),
  shape: shape.optional(),
  dtype: dtype.optional(),
  flexible: flexibility.optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  colorSpace: z.enum(["RGB", "BGR", "L", "F"]).optional(),
  keyType: z.enum(["string", "int64"]).optional(),
  elementType: z.enum(["string", "int64"]).optional(),
});

/** What tl_model_describe answers, to the letter. */
export const modelDescription = z.strictObject({
  format: z.enum(["CoreML", "SafeTensors", "GGUF"]),
  kind: z.string(),
  quantization: z.string(),
  specificationVersion: z.number().int(),
  shortDescription: z.string(),
  author: z.string(),
  license: z.string(),
  version: z.string(),
  userDefined: z.record(z.string(), z.string()),
  device: z.string(),
  functionName: z.string().nullish(),
  functions: z.array(z.string()).optional(),
  inputs: z.array(feature),
  outputs: z.array(feature),
  states: z.array(feature),
  predictedFeatureName: z.string().nullish(),
  predictedProbabilitiesName: z.string().nullish(),
  classLabels: z.array(z.union([z.string(), z.number()])).nullish(),
  operations: z.record(z.string(), z.number().int()),
  computePrecision: z.string().nullish(),
});

export type ComputeUnits = z.infer<typeof computeUnits>;
export type LoadOptions = z.infer<typeof loadOptions>;
export type Feature = z.infer<typeof feature>;
export type ModelDescription = z.infer<typeof modelDescription>;

/** Checks the options of `loadModel`; ArgumentError names the option, its value and what was expected. */
export function parseLoadOptions(options: unknown): LoadOptions {
  const result = loadOptions.safeParse(options);
  if (result.success) return result.data;
  throw new ArgumentError(`loadModel options: ${formatIssues(result.error, options)}`);
}

function formatIssues(error: z.ZodError, value: unknown): string {
  return error.issues
    .map(({ path, message }) => {
      if (path.length === 0) return message;
      const found = path.reduce<unknown>(
        (item, key) => (item as Record<PropertyKey, unknown> | undefined)?.[key],
        value,
      );
      return `${path.join(".")} is ${JSON.stringify(found) ?? String(found)}: ${message}`;
    })
    .join("; ");
}
