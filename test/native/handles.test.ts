import { describe, expect, test } from "bun:test";
import { lastError, native } from "../../src/native/library.ts";
import { readCounters } from "../../src/native/runtime.ts";

// Every wrong call is an error with a text and never a crash: the calls go past the checks of src/native on purpose.

const status = { ok: 0, argument: -1, handle: -2, notFound: -3 } as const;
const lib = native();
const out = new Uint32Array(1);
const out64 = new BigUint64Array(1);
const bytes = new Uint8Array(64);

function createBuffer(byteLength = 64): number {
  expect(lib.tl_buffer_create(byteLength, out, out64)).toBe(status.ok);
  return out[0]!;
}

describe("a handle", () => {
  test("is refused after its release, with a text", () => {
    const buffer = createBuffer();
    expect(lib.tl_buffer_release(buffer)).toBe(status.ok);
    expect(lib.tl_buffer_release(buffer)).toBe(status.handle);
    expect(lib.tl_buffer_bytes(buffer, out64, out64)).toBe(status.handle);
    expect(lastError()).toBe(`0x${buffer.toString(16)} is not a buffer handle: released, or of another kind`);
  });

  test("stays refused when its slot is used again", () => {
    const stale = createBuffer();
    lib.tl_buffer_release(stale);
    for (let round = 0; round < 5000; round++) {
      const next = createBuffer();
      expect(next).not.toBe(stale);
      lib.tl_buffer_release(next);
    }
    expect(lib.tl_buffer_release(stale)).toBe(status.handle);
  });

  test("of another kind is refused", () => {
    const buffer = createBuffer();
    expect(lib.tl_text_release(buffer)).toBe(status.handle);
    expect(lib.tl_model_release(buffer)).toBe(status.handle);
    expect(lib.tl_request_run(buffer)).toBe(status.handle);
    expect(lib.tl_buffer_release(buffer)).toBe(status.ok);
  });

  test.each([0, 1, 0xffff_ffff, 0x0010_0000, 0xfff0_0000])("%d that was never given is refused", (handle) => {
    expect(lib.tl_state_release(handle)).toBe(status.handle);
    expect(lib.tl_request_create(handle, 0, out)).toBe(status.handle);
  });

  test("collected twice is an error without a text of its own", () => {
    const buffer = createBuffer();
    lib.tl_text_release(0);
    const before = lastError();
    expect(lib.tl_buffer_collect(null, buffer as never)).toBe(status.ok);
    expect(lib.tl_buffer_collect(null, buffer as never)).toBe(status.handle);
    expect(lastError()).toBe(before);
  });

  test("is counted while it lives", () => {
    const before = readCounters().handles;
    const buffers = Array.from({ length: 100 }, () => createBuffer(1));
    expect(readCounters().handles - before).toBe(100);
    for (const buffer of buffers) lib.tl_buffer_release(buffer);
    expect(readCounters().handles).toBe(before);
  });
});

describe("buffers", () => {
  test("are page-aligned and zeroed", () => {
    const buffer = createBuffer(10_000);
    expect(Number(out64[0]! % 4096n)).toBe(0);
    lib.tl_buffer_release(buffer);
  });

  test.each([2 ** 47, 2 ** 53, 2n ** 64n - 1n])("of %p bytes are refused", (byteLength) => {
    expect(lib.tl_buffer_create(byteLength as number, out, out64)).not.toBe(status.ok);
  });

  test("cannot wrap a null pointer", () => {
    expect(lib.tl_buffer_wrap(null, 8, out)).toBe(status.argument);
    expect(lastError()).toContain("detached");
  });
});

describe("a null pointer is an argument error of", () => {
  test.each([
    ["tl_abi_version", () => lib.tl_abi_version(null)],
    ["tl_last_error", () => lib.tl_last_error(bytes, 64, null)],
    ["tl_runtime_describe", () => lib.tl_runtime_describe(null)],
    ["tl_runtime_counters", () => lib.tl_runtime_counters(null)],
    ["tl_buffer_create", () => lib.tl_buffer_create(8, null, null)],
    ["tl_model_load", () => lib.tl_model_load(null, 5, null, 0, out)],
    ["tl_model_load, options", () => lib.tl_model_load(bytes, 5, null, 3, out)],
    ["tl_tensor_convert", () => lib.tl_tensor_convert(null, 65552, bytes, 65568, 4)],
    ["tl_tensor_argmax", () => lib.tl_tensor_argmax(null, 65568, 4, out64)],
    ["tl_tensor_copy", () => lib.tl_tensor_copy(bytes, null, bytes, null, 65568, 1, null)],
    ["tl_image_convert", () => lib.tl_image_convert(null, 1, 16, bytes, 1, 16, 4, 1)],
  ])("%s", (_, call) => expect(call()).toBe(status.argument));
});

describe("numbers out of range are argument errors", () => {
  const ones = new BigInt64Array(20).fill(1n);
  const huge = new BigInt64Array(4).fill(2n ** 62n);

  test.each([
    ["dtype", () => lib.tl_tensor_convert(bytes, 7, bytes, 65568, 4)],
    ["element count", () => lib.tl_tensor_convert(bytes, 65552, bytes, 65568, (2n ** 63n) as never)],
    ["empty argmax", () => lib.tl_tensor_argmax(bytes, 65568, 0, out64)],
    ["k", () => lib.tl_tensor_top_k(bytes, 65568, 4, 5, out, new Float32Array(5))],
    ["rank", () => lib.tl_tensor_copy(bytes, ones, bytes, ones, 65568, 17, ones)],
    ["shape product", () => lib.tl_tensor_copy(bytes, ones, bytes, ones, 65568, 4, huge)],
    ["strides", () => lib.tl_tensor_copy(bytes, huge, bytes, ones, 65568, 1, new BigInt64Array([3n]))],
    ["negative size", () => lib.tl_tensor_copy(bytes, ones, bytes, ones, 65568, 1, new BigInt64Array([-1n]))],
    ["softmax of integers", () => lib.tl_tensor_softmax(bytes, bytes, 131104, 1, 4)],
    ["softmax size", () => lib.tl_tensor_softmax(bytes, bytes, 65568, (2n ** 40n) as never, (2n ** 40n) as never)],
    ["pixels", () => lib.tl_image_convert(bytes, 9, 16, bytes, 1, 16, 4, 1)],
    ["bytes per row", () => lib.tl_image_convert(bytes, 1, 15, bytes, 1, 16, 4, 1)],
    ["image size", () => lib.tl_image_convert(bytes, 1, 16, bytes, 1, 16, 0xffff_ffff, 0xffff_ffff)],
  ])("%s", (_, call) => {
    expect(call()).toBe(status.argument);
    expect(lastError()).not.toBe("");
  });
});

test("text that is not UTF-8 is refused", () => {
  expect(lib.tl_model_load(new Uint8Array([0xff, 0xfe]), 2, null, 0, out)).toBe(status.argument);
  expect(lastError()).toBe("path: the 2 bytes are not UTF-8");
});

test("the result of an unknown asynchronous call is not found", () => {
  expect(lib.tl_async_result(987_654, out)).toBe(status.notFound);
});
