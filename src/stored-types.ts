import type { DType, TypedArray } from "./dtype.ts";

/** What holds a stored tensor's elements: numbers where JavaScript has an array for them, else bytes. */
export type StoredArray = TypedArray | BigInt64Array | BigUint64Array;

interface StoredType {
  /** Bits of one element. */
  readonly bits: number;
  /** The element type of `Tensor` for it. */
  readonly dtype?: DType;
}

/** Element types of SafeTensors by their name in the file. */
const safeTensorsTypes: Readonly<Record<string, StoredType>> = {
  F64: { bits: 64, dtype: "float64" },
  I64: { bits: 64 },
  U64: { bits: 64 },
  C64: { bits: 64 },
  F32: { bits: 32, dtype: "float32" },
  I32: { bits: 32, dtype: "int32" },
  U32: { bits: 32, dtype: "uint32" },
  F16: { bits: 16, dtype: "float16" },
  BF16: { bits: 16 },
  I16: { bits: 16, dtype: "int16" },
  U16: { bits: 16, dtype: "uint16" },
  F8_E4M3: { bits: 8 },
  F8_E5M2: { bits: 8 },
  F8_E8M0: { bits: 8 },
  F8_E4M3FNUZ: { bits: 8 },
  F8_E5M2FNUZ: { bits: 8 },
  I8: { bits: 8, dtype: "int8" },
  U8: { bits: 8, dtype: "uint8" },
  BOOL: { bits: 8, dtype: "bool" },
  F6_E2M3: { bits: 6 },
  F6_E3M2: { bits: 6 },
  F4: { bits: 4 },
};

/** 64-bit integers go by JavaScript's name for them, everything else by the file's. */
const bigIntegers: Readonly<Record<string, string>> = { I64: "int64", U64: "uint64" };

/** False for the block types of GGUF. */
export function isSafeTensorsType(name: string): boolean {
  return Object.hasOwn(safeTensorsTypes, name);
}

export function bitsOf(name: string): number | undefined {
  return isSafeTensorsType(name) ? safeTensorsTypes[name]!.bits : undefined;
}

/** The element type of `Tensor` for a stored type, if there is one. */
export function dtypeOfStored(name: string): DType | undefined {
  return isSafeTensorsType(name) ? safeTensorsTypes[name]!.dtype : undefined;
}

/** The stored type of an element type, of `int64` and `uint64`, or of a name that the format has itself. */
export function storedTypeOf(dtype: string): string | undefined {
  if (isSafeTensorsType(dtype)) return dtype;
  const names = Object.keys(safeTensorsTypes);
  return names.find((name) => safeTensorsTypes[name]!.dtype === dtype || bigIntegers[name] === dtype);
}

/** Numbers over `bytes` for types that `Tensor` does not have. */
export function arrayOfStored(
  name: string,
  bytes: ArrayBuffer,
  byteLength: number,
): { dtype: string; data: StoredArray } {
  const dtype = bigIntegers[name] ?? name;
  if (name === "I64") return { dtype, data: new BigInt64Array(bytes, 0, byteLength / 8) };
  if (name === "U64") return { dtype, data: new BigUint64Array(bytes, 0, byteLength / 8) };
  return { dtype, data: new Uint8Array(bytes, 0, byteLength) };
}
