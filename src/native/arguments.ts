import { ArgumentError, MemoryError } from "../errors.ts";
import { describe } from "../shape.ts";

// bun:ffi converts silently (300 as u8 arrives as 44, NaN as 0, a missing argument as 0): whatever reaches a call passes one of these first.

/** An integer in 0 … 2^32 - 1. */
export function toU32(value: unknown, what: string, minimum = 0): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= 0xffff_ffff) return value;
  throw new ArgumentError(`${what} is ${describe(value)}, expected an integer of at least ${minimum}`);
}

/** A byte length or offset: a non-negative integer that a double holds exactly. */
export function toByteCount(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ArgumentError(`${what} is ${describe(value)}, expected a non-negative integer`);
}

/** Throws unless the view's memory is attached, of fixed length and not shared: only then an address stays valid. */
export function checkView(view: ArrayBufferView, what: string): void {
  const buffer = view.buffer as ArrayBuffer;
  if (buffer.detached)
    throw new MemoryError(`${what}: its ArrayBuffer is detached (transferred or structured-cloned away)`);
  if (buffer.resizable)
    throw new ArgumentError(`${what}: its ArrayBuffer is resizable; tensors need memory of a fixed length`);
  if (!(buffer instanceof ArrayBuffer)) throw new ArgumentError(`${what}: SharedArrayBuffer is not supported`);
}

const encoder = new TextEncoder();
const encodedNames = new Map<string, Uint8Array>();

/** UTF-8 of a feature name or path; the few names of a model are encoded once. */
export function encodeName(name: unknown, what: string): Uint8Array {
  if (typeof name !== "string") throw new ArgumentError(`${what} is ${describe(name)}, expected a string`);
  let bytes = encodedNames.get(name);
  if (!bytes) {
    if (encodedNames.size >= 1024) encodedNames.clear();
    encodedNames.set(name, (bytes = encoder.encode(name)));
  }
  return bytes;
}

/** UTF-8 of a value's JSON. */
export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}
