import { dtypes, type DType } from "../dtype.ts";
import { check, native } from "./library.ts";
import { toI64, type Memory } from "./tensor.ts";

/** `enum tl_operation` of tensorlogic.h. */
export const operations = { add: 1, subtract: 2, multiply: 3, divide: 4, negate: 5 } as const;

export type Operation = keyof typeof operations;

export interface Operand {
  memory: Memory;
  /** In elements, one per axis of the result; 0 repeats. */
  strides: readonly number[];
}

/** Element by element into a dense target of `shape` (at least one axis, no axis of size 0). */
export function runElementwise(
  operation: Operation,
  dtype: DType,
  [a, b]: readonly [Operand, Operand?],
  target: Memory,
  shape: readonly number[],
): void {
  check(
    native().tl_tensor_elementwise(
      operations[operation],
      dtypes[dtype].code,
      a.memory,
      toI64(a.strides),
      b?.memory ?? null,
      b ? toI64(b.strides) : null,
      target,
      shape.length,
      toI64(shape),
    ),
  );
}

export interface MatrixProduct {
  m: number;
  n: number;
  k: number;
  /** Where each matrix of the batch begins, in elements. */
  aOffsets: readonly number[];
  bOffsets: readonly number[];
}

/** Dense matrix products, one behind the other in the target. */
export function runMatmul(dtype: DType, a: Memory, b: Memory, target: Memory, product: MatrixProduct): void {
  const { m, n, k, aOffsets, bOffsets } = product;
  const { code } = dtypes[dtype];
  check(native().tl_tensor_matmul(code, a, toI64(aOffsets), b, toI64(bOffsets), target, aOffsets.length, m, n, k));
}
