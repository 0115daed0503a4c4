import { ArgumentError } from "../errors.ts";
import { describe, formatShape } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import type { F16, Pair, WindowOptions } from "./operations.ts";

const maximumCount = 2 ** 31 - 1;

export interface Window {
  kernel: readonly number[];
  stride: readonly number[];
  padding: readonly number[];
  dilation: readonly number[];
}

export function toWindow(
  kernel: readonly number[],
  { stride, padding }: WindowOptions,
  dilation: Pair | undefined,
): Window {
  return {
    kernel,
    stride: toPair("stride", stride ?? 1, 1),
    padding: toPair("padding", padding ?? 0, 0),
    dilation: toPair("dilation", dilation ?? 1, 1),
  };
}

export function outputSize(input: readonly number[], { kernel, stride, padding, dilation }: Window): number[] {
  return input.map((size, axis) => {
    const reach = (kernel[axis]! - 1) * dilation[axis]! + 1;
    const space = size + 2 * padding[axis]!;
    // Positions in it are int in the kernels.
    if (space > maximumCount) throw new ArgumentError(`padding ${padding[axis]} makes more than 2^31 - 1 positions`);
    if (space < reach) throw new ArgumentError(`a window of ${reach} does not fit into ${space} elements`);
    return Math.floor((space - reach) / stride[axis]!) + 1;
  });
}

export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ArgumentError(`shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast`);
    }
    return x === 1 ? y : x;
  });
}

export function present<T>(...values: (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined);
}

export function toPair(name: string, value: Pair, minimum: number): [number, number] {
  const pair = typeof value === "number" ? [value, value] : value;
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new ArgumentError(`${name} is ${describe(value)}, expected a number or two`);
  }
  return [checkInteger(name, pair[0], minimum), checkInteger(name, pair[1], minimum)];
}

export function checkInteger(name: string, value: unknown, minimum: number): number {
  if (Number.isInteger(value) && (value as number) >= minimum && (value as number) <= 2 ** 30) return value as number;
  throw new ArgumentError(`${name} is ${describe(value)}, expected an integer of at least ${minimum}`);
}

export function checkNumber(name: string, value: unknown): number {
  if (Number.isFinite(value)) return value as number;
  throw new ArgumentError(`${name} is ${describe(value)}, expected a finite number`);
}

/** Kernels count elements in 32 bits. */
export function checkCount(name: string, shape: readonly number[]): void {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > maximumCount) {
    throw new ArgumentError(`${name} has shape ${formatShape(shape)}, more than 2^31 - 1 elements`);
  }
}

/**
 * An output may be the input that has the same bytes where `inPlace`, as elements or rows are read before they are written;
 * any other shared memory would be read after it was overwritten.
 */
export function checkApart(operation: string, inputs: readonly Tensor[], outputs: readonly Tensor[], inPlace: boolean) {
  for (const [index, output] of outputs.entries()) {
    for (const other of [...inputs, ...outputs.slice(0, index)]) {
      if (output.buffer !== other.buffer) continue;
      const [start, from] = [output.byteOffset, other.byteOffset];
      if (start >= from + other.byteLength || from >= start + output.byteLength) continue;
      const isSame = start === from && output.byteLength === other.byteLength;
      if (inPlace && isSame && inputs.includes(other)) continue;
      throw new ArgumentError(`${operation}: the output ${output} shares memory with ${other}`);
    }
  }
}

export function checkDense<D extends Tensor>(name: string, tensor: D, dtype: string): D {
  if (!(tensor instanceof Tensor)) throw new ArgumentError(`${name} is ${describe(tensor)}, expected a Tensor`);
  if (tensor.dtype !== dtype) throw new ArgumentError(`${name} is ${tensor.dtype}, expected ${dtype}`);
  if (!tensor.isDense) throw new ArgumentError(`${name} has strides ${formatShape(tensor.strides)}; copy() it first`);
  if (tensor.elementCount === 0) throw new ArgumentError(`${name} is empty: shape ${formatShape(tensor.shape)}`);
  if (tensor.shape.length > 8)
    throw new ArgumentError(`${name} has ${tensor.shape.length} axes, at most 8 are possible`);
  checkCount(name, tensor.shape);
  return tensor;
}

/** `rank`: exactly 4 for images, else the least number of axes. */
export function checkF16(name: string, tensor: F16, rank: number): F16 {
  checkDense(name, tensor, "float16");
  if (rank === 4 ? tensor.shape.length !== 4 : tensor.shape.length < rank) {
    throw new ArgumentError(`${name} has shape ${formatShape(tensor.shape)}, expected ${rank} axes`);
  }
  return tensor;
}

export function checkShapeIs(name: string, tensor: F16, shape: readonly (number | null)[]): void {
  checkDense(name, tensor, "float16");
  const fits =
    tensor.shape.length === shape.length && shape.every((size, i) => size === null || size === tensor.shape[i]);
  if (!fits) {
    throw new ArgumentError(`${name} has shape ${formatShape(tensor.shape)}, expected ${formatShape(shape)}`);
  }
}
