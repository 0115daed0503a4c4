import { CString, type Pointer } from "bun:ffi";
import { check, native } from "./library.ts";

const out = new BigUint64Array(2);
const address = out.subarray(0, 1);
const byteLength = out.subarray(1, 2);

/** Reads a text handle and releases it. */
export function takeText(handle: number): string {
  try {
    check(native().tl_text_bytes(handle, address, byteLength));
    const length = Number(byteLength[0]);
    return length === 0 ? "" : String(new CString(Number(address[0]) as Pointer, 0, length));
  } finally {
    native().tl_text_release(handle);
  }
}

const outText = new Uint32Array(1);

/** The JSON result of a call that answers with a text handle. */
export function takeJson<T>(call: (out: Uint32Array) => number): T {
  check(call(outText));
  return JSON.parse(takeText(outText[0]!)) as T;
}
