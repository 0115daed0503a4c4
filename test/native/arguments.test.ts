import { expect, test } from "bun:test";
import { checkView, encodeName, toByteCount, toU32 } from "../../src/native/arguments.ts";

test.each([Number.NaN, -1, 1.5, 2 ** 32, "1", undefined, 1n])("%p is no u32", (value) => {
  expect(() => toU32(value, "width")).toThrow("width is");
});

test("limits of u32 pass", () => {
  expect(toU32(0, "width")).toBe(0);
  expect(toU32(2 ** 32 - 1, "width")).toBe(2 ** 32 - 1);
});

test.each([Number.NaN, -1, 0.5, 2 ** 53, Infinity])("%p is no byte count", (value) => {
  expect(() => toByteCount(value, "byteLength")).toThrow("byteLength is");
});

test("names are UTF-8 and strings only", () => {
  expect([...encodeName("é", "name")]).toEqual([0xc3, 0xa9]);
  expect(() => encodeName(5, "name")).toThrow("name is 5, expected a string");
});

test("memory that may go away or move is refused", () => {
  const gone = new Float32Array(4);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  expect(() => checkView(gone, "data")).toThrow("its ArrayBuffer is detached");
  expect(() => checkView(new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 })), "data")).toThrow("resizable");
  expect(() => checkView(new Uint8Array(new SharedArrayBuffer(8)), "data")).toThrow("SharedArrayBuffer");
});
