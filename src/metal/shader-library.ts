import activation from "../../swift/Sources/Shaders/metal/activation.metal" with { type: "text" };
import arithmetic from "../../swift/Sources/Shaders/metal/arithmetic.metal" with { type: "text" };
import conversion from "../../swift/Sources/Shaders/metal/conversion.metal" with { type: "text" };
import convolution from "../../swift/Sources/Shaders/metal/convolution.metal" with { type: "text" };
import image from "../../swift/Sources/Shaders/metal/image.metal" with { type: "text" };
import matmul from "../../swift/Sources/Shaders/metal/matmul.metal" with { type: "text" };
import normalization from "../../swift/Sources/Shaders/metal/normalization.metal" with { type: "text" };
import pooling from "../../swift/Sources/Shaders/metal/pooling.metal" with { type: "text" };
import rope from "../../swift/Sources/Shaders/metal/rope.metal" with { type: "text" };
import search from "../../swift/Sources/Shaders/metal/search.metal" with { type: "text" };
import softmax from "../../swift/Sources/Shaders/metal/softmax.metal" with { type: "text" };
import type { MetalDevice } from "./device.ts";
import type { MetalKernels, MetalPipeline } from "./kernels.ts";

/** The package's own shaders. On Linux the library carries them compiled; on macOS Metal compiles them at first use. */
const sources = {
  activation,
  arithmetic,
  conversion,
  convolution,
  image,
  matmul,
  normalization,
  pooling,
  rope,
  search,
  softmax,
} as const;

export type ShaderFamily = keyof typeof sources;

const compiled = new Map<ShaderFamily, MetalKernels>();

export function ownPipeline(device: MetalDevice, family: ShaderFamily, name: string): MetalPipeline {
  let kernels = compiled.get(family);
  if (!kernels) compiled.set(family, (kernels = device.compile(sources[family], { fastMath: false })));
  return kernels.pipeline(name);
}
