import { ArgumentError } from "./errors.ts";

/** Element type of a tensor. */
export type DType =
  "float16" | "float32" | "float64" | "int32" | "int8" | "uint8" | "int16" | "uint16" | "uint32" | "bool";

/** The typed array that holds elements of each type (`bool`: one byte each, 0 or 1). */
export interface TypedArrays {
  float16: Float16Array;
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  bool: Uint8Array;
}

export type TypedArray = TypedArrays[DType];

interface TypedArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray;
}

interface DTypeInfo {
  /** The number of `enum tl_dtype` in tensorlogic.h. */
  readonly code: number;
  readonly byteLength: number;
  readonly array: TypedArrayConstructor;
}

export const dtypes: Readonly<Record<DType, DTypeInfo>> = {
  float16: { code: 65552, byteLength: 2, array: Float16Array as unknown as TypedArrayConstructor },
  float32: { code: 65568, byteLength: 4, array: Float32Array as unknown as TypedArrayConstructor },
  float64: { code: 65600, byteLength: 8, array: Float64Array as unknown as TypedArrayConstructor },
  int32: { code: 131104, byteLength: 4, array: Int32Array as unknown as TypedArrayConstructor },
  int8: { code: 131080, byteLength: 1, array: Int8Array as unknown as TypedArrayConstructor },
  uint8: { code: 1, byteLength: 1, array: Uint8Array as unknown as TypedArrayConstructor },
  int16: { code: 2, byteLength: 2, array: Int16Array as unknown as TypedArrayConstructor },
  uint16: { code: 3, byteLength: 2, array: Uint16Array as unknown as TypedArrayConstructor },
  uint32: { code: 4, byteLength: 4, array: Uint32Array as unknown as TypedArrayConstructor },
  bool: { code: 5, byteLength: 1, array: Uint8Array as unknown as TypedArrayConstructor },
};

/** Throws ArgumentError unless `value` is the name of an element type. */
export function checkDType(value: unknown): DType {
  if (typeof value === "string" && Object.hasOwn(dtypes, value)) return value as DType;
  throw new ArgumentError(`dtype ${JSON.stringify(value)} is none of ${Object.keys(dtypes).join(", ")}`);
}

const byTag: Readonly<Record<string, DType>> = {
  Float16Array: "float16",
  Float32Array: "float32",
  Float64Array: "float64",
  Int32Array: "int32",
  Int8Array: "int8",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
  Int16Array: "int16",
  Uint16Array: "uint16",
  Uint32Array: "uint32",
};

/** The element type of a typed array, `undefined` for anything else (64-bit integers have none). */
export function dtypeOf(value: unknown): DType | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return byTag[(value as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag]];
}
