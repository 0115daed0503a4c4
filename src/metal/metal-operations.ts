import { denseStrides } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { MetalDevice } from "./device.ts";
import type { DispatchOptions } from "./dispatch.ts";
import { Operations, type OperationCall } from "./operations.ts";
import { f32, i32, packParameters, u32 } from "./parameters.ts";
import type { CommandEncoder } from "./queue.ts";
import { ownPipeline, type ShaderFamily } from "./shader-library.ts";

interface Plan {
  family: ShaderFamily;
  kernel: string;
  /** Indices 0… of the kernel; the parameters follow. */
  buffers: readonly (Tensor | undefined)[];
  parameters: Uint8Array;
  grid: readonly number[];
  threadgroup: readonly number[];
}

/** Runs operations as Metal kernels, in the order of a queue or batch. */
export class MetalOperations extends Operations {
  readonly #device: MetalDevice;
  readonly #encoder: CommandEncoder;

  /** @internal Use `queue.operations` or `batch.operations`. */
  constructor(device: MetalDevice, encoder: CommandEncoder) {
    super();
    this.#device = device;
    this.#encoder = encoder;
  }

  protected override clone(): Operations {
    return new MetalOperations(this.#device, this.#encoder);
  }

  protected override run(call: OperationCall): void {
    const { family, kernel, buffers, parameters, grid, threadgroup } = plans[call.operation]!(call);
    // Optional inputs that are absent need some memory behind their index; the kernel does not read it.
    const bound: DispatchOptions["buffers"] = buffers.map((tensor) => tensor ?? call.outputs[0]!);
    this.#encoder.dispatch(ownPipeline(this.#device, family, kernel), {
      grid,
      threadgroup,
      buffers: bound,
      bytes: { [buffers.length]: parameters },
    });
  }
}

type Planner = (call: OperationCall) => Plan;

function elementwise(family: ShaderFamily, kernel: (call: OperationCall) => string): Planner {
  return (call) => {
    const { inputs, outputs } = call;
    const count = outputs[0]!.elementCount;
    return {
      family,
      kernel: kernel(call),
      buffers: [...inputs, ...outputs],
      parameters: packParameters([u32(count)]),
      grid: [count],
      threadgroup: [256],
    };
  };
}

function arithmetic(name: string): Planner {
  return ({ inputs, outputs }) => {
    const { shape, elementCount } = outputs[0]!;
    const isDense = inputs.every((input) => input.elementCount === elementCount);
    const padded = (values: readonly number[]) => [...values, ...Array.from({ length: 8 - values.length }, () => 0)];
    return {
      family: "arithmetic",
      kernel: `${name}${isDense ? "_dense" : ""}_f16`,
      buffers: [...inputs, ...outputs],
      parameters: packParameters([
        u32(elementCount, shape.length),
        u32(...padded(shape)),
        ...inputs.map((input) => u32(...padded(broadcastStrides(input.shape, shape)))),
      ]),
      grid: [elementCount],
      threadgroup: [256],
    };
  };
}

/** Strides along the axes of `target`; 0 where an axis repeats. */
function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const strides = denseStrides(shape);
  const offset = target.length - shape.length;
  return target.map((_, axis) => (axis < offset || shape[axis - offset] === 1 ? 0 : strides[axis - offset]!));
}

/** One simdgroup per row of the last axis. */
function rows(x: Tensor): {
  columns: number;
  count: number;
  grid: number[];
  threadgroup: number[];
} {
  const columns = x.shape.at(-1)!;
  const count = x.elementCount / columns;
  return { columns, count, grid: [32 * count], threadgroup: [32] };
}

const matmul: Planner = ({ inputs: [a, b], outputs: [y], parameters }) => {
  const [m, n] = y!.shape.slice(-2) as [number, number];
  const [aRows, aColumns] = a!.shape.slice(-2) as [number, number];
  const bColumns = b!.shape.at(-1)!;
  const k = parameters.transposeA ? aRows : aColumns;
  return {
    family: "matmul",
    kernel: "matmul_f16",
    buffers: [a, b, y],
    parameters: packParameters([
      u32(m, n, k),
      u32(...(parameters.transposeA ? [1, aColumns] : [aColumns, 1])),
      u32(...(parameters.transposeB ? [1, bColumns] : [bColumns, 1])),
      u32(m * k, b!.shape.length > 2 ? k * n : 0, 0),
    ]),
    grid: [Math.ceil(n / 8), Math.ceil(m / 4), y!.elementCount / (m * n)],
    threadgroup: [8, 8],
  };
};

const linear: Planner = ({ inputs: [x, weight, bias], outputs: [y] }) => {
  const [n, k] = weight!.shape as [number, number];
  const m = x!.elementCount / k;
  return {
    family: "matmul",
    kernel: "linear_f16",
    buffers: [x, weight, bias, y],
    parameters: packParameters([u32(m, n, k, k, 1, 1, k, 0, 0, bias ? 1 : 0)]),
    grid: [Math.ceil(n / 2), Math.ceil(m / 2)],
    threadgroup: [16, 8],
  };
};

function convolution(kernel: string): Planner {
  return ({ inputs: [x, weight, bias], outputs: [y], parameters }) => {
    const pair = (name: string) => parameters[name] as [number, number];
    const [, filters, height, width] = y!.shape as [number, number, number, number];
    return {
      family: "convolution",
      kernel,
      buffers: [x, weight, bias, y],
      parameters: packParameters([
        i32(...x!.shape),
        i32(filters, height, width),
        i32(...weight!.shape.slice(2)),
        i32(...pair("stride"), ...pair("padding"), ...pair("dilation")),
        i32(parameters.groups as number, bias ? 1 : 0),
      ]),
      grid: [width, height, y!.shape[0]! * filters],
      threadgroup: [16, 8],
    };
  };
}

/** More filters than channels are a convolution in groups. */
const depthwise: Planner = (call) => {
  const isPlain = call.inputs[1]!.shape[0] === call.inputs[0]!.shape[1];
  return convolution(isPlain ? "depthwise_conv2d_f16" : "conv2d_f16")(call);
};

function pooling(kernel: string): Planner {
  return ({ inputs: [x], outputs: [y], parameters }) => {
    const pair = (name: string) => parameters[name] as [number, number];
    const [batch, channels, height, width] = y!.shape as [number, number, number, number];
    return {
      family: "pooling",
      kernel,
      buffers: [x, y],
      parameters: packParameters([
        i32(batch * channels, ...x!.shape.slice(2), height, width),
        i32(...pair("kernel"), ...pair("stride"), ...pair("padding"), parameters.countsPadding ? 1 : 0),
      ]),
      grid: [width, height, batch * channels],
      threadgroup: [16, 8],
    };
  };
}

/** gamma and beta, where the call has them behind the first `start` inputs. */
function affine({ inputs, parameters }: OperationCall, start: number): [Tensor | undefined, Tensor | undefined] {
  const gamma = parameters.hasGamma ? inputs[start] : undefined;
  return [gamma, parameters.hasBeta ? inputs[start + (gamma ? 1 : 0)] : undefined];
}

const layerNorm: Planner = (call) => {
  const x = call.inputs[0]!;
  const [gamma, beta] = affine(call, 1);
  const { columns, count, grid, threadgroup } = rows(x);
  const parameters = packParameters([
    u32(count, columns),
    f32(call.parameters.epsilon as number),
    u32(gamma ? 1 : 0, beta ? 1 : 0),
  ]);
  const buffers = [x, gamma, beta, call.outputs[0]];
  return {
    family: "normalization",
    kernel: "layer_norm_f16",
    buffers,
    parameters,
    grid,
    threadgroup,
  };
};

const rmsNorm: Planner = (call) => {
  const x = call.inputs[0]!;
  const [gamma] = affine(call, 1);
  const { columns, count, grid, threadgroup } = rows(x);
  const parameters = packParameters([
    u32(count, columns),
    f32(call.parameters.epsilon as number),
    u32(gamma ? 1 : 0, 0),
  ]);
  const buffers = [x, gamma, call.outputs[0]];
  return {
    family: "normalization",
    kernel: "rms_norm_f16",
    buffers,
    parameters,
    grid,
    threadgroup,
  };
};

const batchNorm: Planner = (call) => {
  const [x, mean, variance] = call.inputs;
  const [gamma, beta] = affine(call, 3);
  const channels = x!.shape[1]!;
  return {
    family: "normalization",
    kernel: "batch_norm_f16",
    buffers: [x, mean, variance, gamma, beta, call.outputs[0]],
    parameters: packParameters([
      u32(x!.elementCount, channels, x!.elementCount / (x!.shape[0]! * channels)),
      f32(call.parameters.epsilon as number),
      u32(gamma ? 1 : 0, beta ? 1 : 0),
    ]),
    grid: [x!.elementCount],
    threadgroup: [256],
  };
};

const softmax: Planner = ({ inputs: [x], outputs: [y] }) => {
  const { columns, grid, threadgroup } = rows(x!);
  const parameters = packParameters([u32(columns)]);
  return {
    family: "softmax",
    kernel: "softmax_f16",
    buffers: [x, y],
    parameters,
    grid,
    threadgroup,
  };
};

const argmax: Planner = ({ inputs: [x], outputs: [y] }) => {
  const { columns, grid, threadgroup } = rows(x!);
  const parameters = packParameters([u32(columns)]);
  return { family: "search", kernel: "argmax_f16", buffers: [x, y], parameters, grid, threadgroup };
};

const topK: Planner = ({ inputs: [x], outputs: [values, indices], parameters: { k } }) => {
  const { columns, grid, threadgroup } = rows(x!);
  const parameters = packParameters([u32(columns, k as number)]);
  return {
    family: "search",
    kernel: "top_k_f16",
    buffers: [x, values, indices],
    parameters,
    grid,
    threadgroup,
  };
};

const rope: Planner = ({ inputs: [x], outputs: [y], parameters }) => {
  const [tokens, width] = x!.shape.slice(-2) as [number, number];
  const count = x!.elementCount / (tokens * width);
  return {
    family: "rope",
    kernel: "rope_f16",
    buffers: [x, y],
    parameters: packParameters([
      u32(count, tokens, width, parameters.firstPosition as number),
      f32(Math.log2(parameters.base as number)),
      u32(parameters.adjacent ? 1 : 0),
    ]),
    grid: [width / 2, tokens, count],
    threadgroup: [32, 4],
  };
};

const imageToTensor: Planner = ({ inputs: [pixels], outputs: [y], parameters }) => {
  const [height, width, pixelBytes] = pixels!.shape as [number, number, number];
  const three = (values: unknown) => [...(values as number[]), 0, 0].slice(0, 3);
  return {
    family: "image",
    kernel: "image_to_f16",
    buffers: [pixels, y],
    parameters: packParameters([
      u32(width, height, pixelBytes, y!.shape[1]!, parameters.bgr ? 1 : 0),
      f32(...three(parameters.scale), ...three(parameters.bias)),
    ]),
    grid: [width, height],
    threadgroup: [32, 8],
  };
};

const activation = (name: string) => elementwise("activation", () => `${name}_f16`);

const plans: Readonly<Record<string, Planner>> = {
  matmul,
  linear,
  conv2d: convolution("conv2d_f16"),
  depthwiseConv2d: depthwise,
  maxPool: pooling("max_pool_f16"),
  avgPool: pooling("avg_pool_f16"),
  batchNorm,
  layerNorm,
  rmsNorm,
  softmax,
  relu: activation("relu"),
  gelu: activation("gelu"),
  sigmoid: activation("sigmoid"),
  tanh: activation("tanh"),
  silu: activation("silu"),
  add: arithmetic("add"),
  sub: arithmetic("sub"),
  mul: arithmetic("mul"),
  div: arithmetic("div"),
  rope,
  argmax,
  topK,
  convert: elementwise("conversion", ({ outputs }) => (outputs[0]!.dtype === "float16" ? "f32_to_f16" : "f16_to_f32")),
  imageToTensor,
};
