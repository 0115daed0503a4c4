export * from "./errors.ts";
export { loadModel, Model, type ModelMetadata, type PredictOptions } from "./model.ts";
export type { Finding, Severity, Source } from "./advise/finding.ts";
export type { PlannedOperation } from "./native/diagnostics.ts";
export type { ComparedOperation, Comparison, Profile, ProfiledOperation } from "./diagnostics.ts";
export { Request } from "./request.ts";
export { State } from "./state.ts";
export { Tensor, type TensorSource, type TopEntry } from "./tensor.ts";
export { Weights, type RawTensor, type TensorInfo, type WeightsMetadata } from "./weights.ts";
export { saveTensors } from "./safetensors.ts";
export type { MetadataValue } from "./weights-metadata.ts";
export { Image, type ImageMode, type Pixels } from "./image.ts";
export type { CropMode } from "./image/fit.ts";
export type { DType, TypedArray, TypedArrays } from "./dtype.ts";
export type { FeatureInput, FeatureInputs, FeatureOutput, FeatureOutputs } from "./features.ts";
export type { ComputeUnits, Feature, LoadOptions } from "./schema.ts";
export type { NestedNumbers } from "./nested.ts";
export { metal } from "./metal.ts";
export { MetalDevice, type CompileOptions } from "./metal/device.ts";
export { MetalKernels, MetalPipeline } from "./metal/kernels.ts";
export { MetalBatch, MetalQueue, type CommandEncoder, type FinishedWork } from "./metal/queue.ts";
export type {
  ConvolutionOptions,
  ImageTensorOptions,
  MatmulOptions,
  NormOptions,
  Operations,
  PoolOptions,
  RopeOptions,
  WindowOptions,
} from "./metal/operations.ts";
export { MetalEvent } from "./metal/event.ts";
export { CompileError, type CompileDiagnostic } from "./metal/compile-error.ts";
export type { BufferArgument, BytesArgument, DispatchOptions } from "./metal/dispatch.ts";
export { decodeNpy, encodeNpy } from "./npy.ts";
export {
  describeRuntime,
  type MachinePeak,
  measurePeak,
  readCounters,
  type RuntimeCounters,
  type RuntimeDescription,
} from "./native/runtime.ts";
