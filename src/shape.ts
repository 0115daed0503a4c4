import { ArgumentError } from "./errors.ts";

/** Largest element count that a tensor may have: its byte length has to stay an exact number. */
const maxElementCount = 2 ** 46;

/** Text of a shape for messages: `[1, 3, 224, 224]`. */
export function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => size ?? "?").join(", ")}]`;
}

/** A copy of `shape` after checking that it is a list of non-negative integers; ArgumentError names the offending axis. */
export function checkShape(shape: unknown, what = "shape"): number[] {
  if (!Array.isArray(shape)) throw new ArgumentError(`${what} has to be an array of integers, got ${describe(shape)}`);
  if (shape.length > 16) throw new ArgumentError(`${what} has ${shape.length} axes, at most 16 are possible`);
  let count = 1;
  for (const [axis, size] of shape.entries()) {
    if (!Number.isInteger(size) || size < 0) {
      throw new ArgumentError(`${what}[${axis}] is ${describe(size)}, expected a non-negative integer`);
    }
    count *= size;
  }
  if (count > maxElementCount)
    throw new ArgumentError(`${what} ${formatShape(shape)} has too many elements (${count})`);
  return [...shape];
}

/** Number of elements of a shape; 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

/** Row-major strides in elements. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** True when elements lie in row-major order without gaps (axes of size 1 may have any stride). */
export function isDense(shape: readonly number[], strides: readonly number[]): boolean {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== stride) return false;
    stride *= shape[axis]!;
  }
  return true;
}

/** Elements from the first to one past the last that the layout reaches; 0 for an empty tensor. */
export function spanOf(shape: readonly number[], strides: readonly number[]): number {
  if (elementCount(shape) === 0) return 0;
  return shape.reduce((last, size, axis) => last + (size - 1) * strides[axis]!, 1);
}

export function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** A value as it appears in messages: short, with its type when the text alone would not show it. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean")
    return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "symbol") return value.toString();
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name} of ${(value as unknown as ArrayLike<number>).length} elements`;
  return (value as object).constructor?.name ?? "an object";
}
