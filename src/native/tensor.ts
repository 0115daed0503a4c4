import { dtypes, type DType } from "../dtype.ts";
import { toU32 } from "./arguments.ts";
import { check, native } from "./library.ts";

/** Memory as native calls take it: the view itself, which stays alive during the call (an address would not keep it). */
export type Memory = NodeJS.TypedArray;

const outIndex = new BigUint64Array(1);

/** Converts `count` elements; floats to nearest even, integers towards zero and saturated. */
export function convertElements(
  source: Memory,
  sourceDType: DType,
  target: Memory,
  targetDType: DType,
  count: number,
): void {
  if (count === 0) return;
  check(native().tl_tensor_convert(source, dtypes[sourceDType].code, target, dtypes[targetDType].code, count));
}

/** Copies between two strided layouts of one dtype (strides in elements). */
export function copyElements(
  source: Memory,
  sourceStrides: readonly number[],
  target: Memory,
  targetStrides: readonly number[],
  dtype: DType,
  shape: readonly number[],
): void {
  if (shape.includes(0)) return;
  check(
    native().tl_tensor_copy(
      source,
      toI64(sourceStrides),
      target,
      toI64(targetStrides),
      dtypes[dtype].code,
      shape.length,
      toI64(shape),
    ),
  );
}

/** Index of the largest element; NaN counts as largest. `count` > 0. */
export function argmaxElements(source: Memory, dtype: DType, count: number): number {
  check(native().tl_tensor_argmax(source, dtypes[dtype].code, count, outIndex));
  return Number(outIndex[0]);
}

/** The k largest, descending. 0 < k ≤ count. */
export function topKElements(
  source: Memory,
  dtype: DType,
  count: number,
  k: number,
): { indices: Uint32Array; values: Float32Array } {
  const indices = new Uint32Array(toU32(k, "k", 1));
  const values = new Float32Array(k);
  check(native().tl_tensor_top_k(source, dtypes[dtype].code, count, k, indices, values));
  return { indices, values };
}

/** Softmax of each row, float16 or float32. */
export function softmaxRows(source: Memory, target: Memory, dtype: DType, rows: number, columns: number): void {
  if (rows * columns === 0) return;
  check(native().tl_tensor_softmax(source, target, dtypes[dtype].code, rows, columns));
}

/** Shapes and strides cross as int64; a zero-length view has no address, so a scalar passes one unused element. */
export function toI64(values: readonly number[]): BigInt64Array {
  return values.length === 0 ? new BigInt64Array(1) : BigInt64Array.from(values, BigInt);
}
