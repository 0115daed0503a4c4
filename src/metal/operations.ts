import { ArgumentError } from "../errors.ts";
import type { DType } from "../dtype.ts";
import { describe, formatShape, isSameShape } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import {
  broadcastShape,
  checkApart,
  checkCount,
  checkDense,
  checkF16,
  checkInteger,
  checkNumber,
  checkShapeIs,
  outputSize,
  present,
  toPair,
  toWindow,
} from "./operation-checks.ts";

export type F16 = Tensor<"float16">;

/** One number for both axes, or one each for height and width. */
export type Pair = number | readonly [number, number];

export interface MatmulOptions {
  /** `a` is [..., k, m]. */
  transposeA?: boolean;
  /** `b` is [..., n, k]. */
  transposeB?: boolean;
}

export interface WindowOptions {
  stride?: Pair;
  /** On both sides of an axis. */
  padding?: Pair;
}

export interface ConvolutionOptions extends WindowOptions {
  dilation?: Pair;
  groups?: number;
}

export interface PoolOptions extends WindowOptions {
  kernel: Pair;
  /** Average: the padding's zeros count as elements; false unless told otherwise. */
  countsPadding?: boolean;
}

export interface NormOptions {
  gamma?: F16;
  beta?: F16;
  /** 1e-5 unless told otherwise. */
  epsilon?: number;
}

export interface RopeOptions {
  /** 10,000 unless told otherwise. */
  base?: number;
  /** The first token's position; 0 unless told otherwise. */
  firstPosition?: number;
  /** Pairs are neighbours (2i, 2i + 1); else an element of the first half and one of the second. */
  adjacent?: boolean;
}

export interface ImageTensorOptions {
  /** tensor = pixel * scale + bias, one for all channels or one each; 1/255 unless told otherwise. */
  scale?: number | readonly number[];
  /** 0 unless told otherwise. */
  bias?: number | readonly number[];
  /** Channels of the tensor in the order blue, green, red. */
  bgr?: boolean;
}

/** A call in checked form: what both ways of running it take. */
export interface OperationCall {
  operation: string;
  inputs: readonly Tensor[];
  outputs: readonly Tensor[];
  parameters: Readonly<Record<string, unknown>>;
}

/**
 * Operations on f16 tensors. `queue.operations` runs them as Metal kernels in the queue's order (results are there after
 * `queue.finished()`), `metal.engine` by the CPU's own kernels at once. Results are new tensors.
 */
export abstract class Operations {
  #targets: readonly Tensor[] = [];

  /** @internal */
  protected abstract run(call: OperationCall): void;
  /** @internal The same operations as a new object. */
  protected abstract clone(): Operations;

  /**
   * The same operations with results in these tensors, for loops that bind memory once:
   * `queue.operations.into(x).imageToTensor(pixels)`. Activations, arithmetic, norms, softmax and rope may write over their input.
   */
  into(...outputs: Tensor[]): Operations {
    const copy = this.clone();
    copy.#targets = outputs;
    return copy;
  }

  #output<D extends DType = "float16">(shape: readonly number[], dtype: D = "float16" as D, index = 0): Tensor<D> {
    checkCount("the output", shape);
    if (this.#targets.length === 0) return Tensor.zeros(shape, dtype);
    const target = this.#targets[index];
    if (!target) throw new ArgumentError(`into(...) has ${this.#targets.length} outputs, the operation needs more`);
    checkDense("output", target, dtype);
    if (isSameShape(target.shape, shape)) return target as Tensor<D>;
    throw new ArgumentError(`the output has shape ${formatShape(target.shape)}, expected ${formatShape(shape)}`);
  }

  #run(call: OperationCall, inPlace = false): void {
    const { operation, inputs, outputs } = call;
    if (this.#targets.length > outputs.length) {
      throw new ArgumentError(`into(...) has ${this.#targets.length} outputs, ${operation} has ${outputs.length}`);
    }
    checkApart(operation, inputs, outputs, inPlace);
    this.run(call);
  }

  /** [..., m, k] times [..., k, n]; `b` may be one matrix for the whole batch. */
  matmul(a: F16, b: F16, { transposeA = false, transposeB = false }: MatmulOptions = {}): F16 {
    checkF16("a", a, 2);
    checkF16("b", b, 2);
    const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
    const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
    const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
    const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
    const batch = a.shape.slice(0, -2);
    const bBatch = b.shape.slice(0, -2);
    if (k !== inner || (bBatch.length > 0 && formatShape(bBatch) !== formatShape(batch))) {
      throw new ArgumentError(`matmul: shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} do not fit`);
    }
    const out = this.#output([...batch, m, n]);
    this.#run({
      operation: "matmul",
      inputs: [a, b],
      outputs: [out],
      parameters: { transposeA, transposeB },
    });
    return out;
  }

  /** x [..., k] times the transpose of weight [n, k], plus bias [n]. */
  linear(x: F16, weight: F16, bias?: F16): F16 {
    checkF16("x", x, 1);
    checkShapeIs("weight", checkF16("weight", weight, 2), [null, x.shape.at(-1)!]);
    const n = weight.shape[0]!;
    if (bias) checkShapeIs("bias", bias, [n]);
    const out = this.#output([...x.shape.slice(0, -1), n]);
    this.#run({
      operation: "linear",
      inputs: present(x, weight, bias),
      outputs: [out],
      parameters: {},
    });
    return out;
  }

  /** x [batch, channels, height, width], weight [filters, channels / groups, height, width], bias [filters]. */
  conv2d(x: F16, weight: F16, bias?: F16, options: ConvolutionOptions = {}): F16 {
    return this.#convolve("conv2d", x, weight, bias, options, options.groups ?? 1);
  }

  /** One filter per channel: weight [channels, 1, height, width]. */
  depthwiseConv2d(x: F16, weight: F16, bias?: F16, options: Omit<ConvolutionOptions, "groups"> = {}): F16 {
    checkF16("x", x, 4);
    checkShapeIs("weight", weight, [x.shape[1]!, 1, null, null]);
    return this.#convolve("depthwiseConv2d", x, weight, bias, options, x.shape[1]!);
  }

  maxPool(x: F16, options: PoolOptions): F16 {
    return this.#pool("maxPool", x, options);
  }

  avgPool(x: F16, options: PoolOptions): F16 {
    return this.#pool("avgPool", x, options);
  }

  /** Per channel of x [batch, channels, ...], by given mean and variance. */
  batchNorm(x: F16, mean: F16, variance: F16, { gamma, beta, epsilon = 1e-5 }: NormOptions = {}): F16 {
    checkF16("x", x, 2);
    for (const [name, t] of Object.entries({ mean, variance, gamma, beta }))
      if (t) checkShapeIs(name, t, [x.shape[1]!]);
    const parameters = {
      epsilon: checkNumber("epsilon", epsilon),
      hasGamma: gamma !== undefined,
      hasBeta: beta !== undefined,
    };
    return this.#like("batchNorm", present(x, mean, variance, gamma, beta), parameters);
  }

  /** Over the last axis. */
  layerNorm(x: F16, { gamma, beta, epsilon = 1e-5 }: NormOptions = {}): F16 {
    checkF16("x", x, 1);
    for (const [name, t] of Object.entries({ gamma, beta })) if (t) checkShapeIs(name, t, [x.shape.at(-1)!]);
    const parameters = {
      epsilon: checkNumber("epsilon", epsilon),
      hasGamma: gamma !== undefined,
      hasBeta: beta !== undefined,
    };
    return this.#like("layerNorm", present(x, gamma, beta), parameters);
  }

  /** Over the last axis. */
  rmsNorm(x: F16, { gamma, epsilon = 1e-5 }: Omit<NormOptions, "beta"> = {}): F16 {
    checkF16("x", x, 1);
    if (gamma) checkShapeIs("gamma", gamma, [x.shape.at(-1)!]);
    return this.#like("rmsNorm", present(x, gamma), {
      epsilon: checkNumber("epsilon", epsilon),
      hasGamma: gamma !== undefined,
    });
  }

  /** Over the last axis. */
  softmax(x: F16): F16 {
    checkF16("x", x, 1);
    return this.#like("softmax", [x], {});
  }

  relu(x: F16): F16 {
    return this.#like("relu", [x], {});
  }

  /** Exact: x/2 (1 + erf(x / √2)). */
  gelu(x: F16): F16 {
    return this.#like("gelu", [x], {});
  }

  sigmoid(x: F16): F16 {
    return this.#like("sigmoid", [x], {});
  }

  tanh(x: F16): F16 {
    return this.#like("tanh", [x], {});
  }

  silu(x: F16): F16 {
    return this.#like("silu", [x], {});
  }

  add(a: F16, b: F16): F16 {
    return this.#combine("add", a, b);
  }

  sub(a: F16, b: F16): F16 {
    return this.#combine("sub", a, b);
  }

  mul(a: F16, b: F16): F16 {
    return this.#combine("mul", a, b);
  }

  div(a: F16, b: F16): F16 {
    return this.#combine("div", a, b);
  }

  /** Rotary position embedding of x [..., tokens, width]. */
  rope(x: F16, { base = 10_000, firstPosition = 0, adjacent = false }: RopeOptions = {}): F16 {
    checkF16("x", x, 2);
    if (x.shape.at(-1)! % 2 !== 0) throw new ArgumentError(`rope: the width of ${formatShape(x.shape)} is odd`);
    if (!(checkNumber("base", base) > 0))
      throw new ArgumentError(`rope: base is ${describe(base)}, expected a positive number`);
    return this.#like("rope", [x], {
      base,
      firstPosition: checkInteger("firstPosition", firstPosition, 0),
      adjacent,
    });
  }

  /** Index of the largest element along the last axis, the first of equals; NaN counts as largest. */
  argmax(x: F16): Tensor<"int32"> {
    checkF16("x", x, 1);
    const out = this.#output(x.shape.slice(0, -1), "int32");
    this.#run({ operation: "argmax", inputs: [x], outputs: [out], parameters: {} });
    return out;
  }

  /** The k largest along the last axis, largest first, equal ones by index, NaN last. */
  topK(x: F16, k: number): { values: F16; indices: Tensor<"int32"> } {
    checkF16("x", x, 1);
    const columns = x.shape.at(-1)!;
    if (checkInteger("k", k, 1) > columns) throw new ArgumentError(`topK: k is ${k}, rows have ${columns} elements`);
    const shape = [...x.shape.slice(0, -1), k];
    const values = this.#output(shape);
    const indices = this.#output(shape, "int32", 1);
    this.#run({ operation: "topK", inputs: [x], outputs: [values, indices], parameters: { k } });
    return { values, indices };
  }

  toFloat16(x: Tensor<"float32">): F16 {
    const out = this.#output(checkDense("x", x, "float32").shape);
    this.#run({ operation: "convert", inputs: [x], outputs: [out], parameters: {} });
    return out;
  }

  toFloat32(x: F16): Tensor<"float32"> {
    const out = this.#output(checkF16("x", x, 0).shape, "float32");
    this.#run({ operation: "convert", inputs: [x], outputs: [out], parameters: {} });
    return out;
  }

  /** Pixels uint8 [height, width, 1, 3 or 4] to [1, 1 or 3, height, width]; alpha is left out. */
  imageToTensor(pixels: Tensor<"uint8">, { scale = 1 / 255, bias = 0, bgr = false }: ImageTensorOptions = {}): F16 {
    checkDense("pixels", pixels, "uint8");
    const [height, width, pixelBytes] = pixels.shape;
    if (pixels.shape.length !== 3 || ![1, 3, 4].includes(pixelBytes!)) {
      throw new ArgumentError(`pixels have shape ${formatShape(pixels.shape)}, expected [height, width, 1, 3 or 4]`);
    }
    const channels = pixelBytes === 1 ? 1 : 3;
    const each = (name: string, value: number | readonly number[]) => {
      const values = typeof value === "number" ? Array.from({ length: channels }, () => value) : value;
      if (Array.isArray(values) && values.length === channels && values.every(Number.isFinite)) return values;
      throw new ArgumentError(`${name} is ${describe(value)}, expected one number or ${channels}`);
    };
    const out = this.#output([1, channels, height!, width!]);
    const parameters = {
      scale: each("scale", scale),
      bias: each("bias", bias),
      bgr: bgr && channels === 3,
    };
    this.#run({ operation: "imageToTensor", inputs: [pixels], outputs: [out], parameters });
    return out;
  }

  #like(operation: string, inputs: readonly F16[], parameters: Readonly<Record<string, unknown>>): F16 {
    const out = this.#output(checkF16("x", inputs[0]!, 0).shape);
    this.#run({ operation, inputs, outputs: [out], parameters }, true);
    return out;
  }

  #combine(operation: string, a: F16, b: F16): F16 {
    const out = this.#output(broadcastShape(checkF16("a", a, 0).shape, checkF16("b", b, 0).shape));
    this.#run({ operation, inputs: [a, b], outputs: [out], parameters: {} }, true);
    return out;
  }

  #convolve(
    operation: string,
    x: F16,
    weight: F16,
    bias: F16 | undefined,
    options: ConvolutionOptions,
    groups: number,
  ): F16 {
    checkF16("x", x, 4);
    checkInteger("groups", groups, 1);
    const [batch, channels, ...size] = x.shape as [number, number, number, number];
    checkShapeIs("weight", checkF16("weight", weight, 4), [null, channels / groups, null, null]);
    const filters = weight.shape[0]!;
    if (filters % groups !== 0) throw new ArgumentError(`${filters} filters are not a multiple of ${groups} groups`);
    if (bias) checkShapeIs("bias", bias, [filters]);
    const window = toWindow(weight.shape.slice(2), options, options.dilation);
    const out = this.#output([batch, filters, ...outputSize(size, window)]);
    this.#run({
      operation,
      inputs: present(x, weight, bias),
      outputs: [out],
      parameters: { ...window, groups },
    });
    return out;
  }

  #pool(operation: string, x: F16, options: PoolOptions): F16 {
    checkF16("x", x, 4);
    const kernel = toPair("kernel", options?.kernel, 1);
    const window = toWindow(kernel, { stride: options.stride ?? kernel, padding: options.padding }, undefined);
    if (window.padding.some((padding, axis) => padding >= kernel[axis]!)) {
      throw new ArgumentError(`padding ${formatShape(window.padding)} leaves windows without an element`);
    }
    const out = this.#output([...x.shape.slice(0, 2), ...outputSize(x.shape.slice(2), window)]);
    const parameters = { ...window, countsPadding: options.countsPadding ?? false };
    this.#run({ operation, inputs: [x], outputs: [out], parameters });
    return out;
  }
}
