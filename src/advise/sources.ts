import type { Source } from "./finding.ts";

/** Where limits of the Neural Engine are known from. Apple documents few of them; the other lists say themselves that they may be out of date. */
export const sources = {
  aneTransformers: {
    title: "Apple, Deploying Transformers on the Apple Neural Engine (2022)",
    url: "https://machinelearning.apple.com/research/neural-engine-transformers",
  },
  rangeShapes: {
    title: "Apple engineer in the developer forums, thread 724930 (2023)",
    url: "https://developer.apple.com/forums/thread/724930",
  },
  flexibleInputs: {
    title: "coremltools guide, Flexible Input Shapes",
    url: "https://apple.github.io/coremltools/docs-guides/source/flexible-inputs.html",
  },
  typedExecution: {
    title: "coremltools guide, Typed Execution Workflow",
    url: "https://apple.github.io/coremltools/docs-guides/source/typed-execution-example.html",
  },
  mlPrograms: {
    title: "coremltools guide, Comparing ML Programs and Neural Networks",
    url: "https://apple.github.io/coremltools/docs-guides/source/comparing-ml-programs-and-neural-networks.html",
  },
  imageInputs: {
    title: "coremltools guide, Image Input and Output",
    url: "https://apple.github.io/coremltools/docs-guides/source/image-inputs.html",
  },
  unsupportedLayers: {
    title: "M. Hollemans, Which Core ML layers are not supported by the ANE? (observed, partly guesses)",
    url: "https://github.com/hollance/neural-engine/blob/master/docs/unsupported-layers.md",
  },
  poolingLimits: {
    title: "Core ML's own log messages, hollance/neural-engine issue 2 (2020)",
    url: "https://github.com/hollance/neural-engine/issues/2",
  },
  recurrentOnCpu: {
    title: "apple/coremltools issue 337",
    url: "https://github.com/apple/coremltools/issues/337",
  },
} as const satisfies Record<string, Source>;
