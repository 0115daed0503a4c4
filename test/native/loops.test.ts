import { describe, expect, test } from "bun:test";
import { native } from "../../src/native/library.ts";

const lib = native();
const code = {
  float16: 65552,
  float32: 65568,
  float64: 65600,
  int32: 131104,
  int8: 131080,
  uint8: 1,
  bool: 5,
} as const;

function convert<T extends NodeJS.TypedArray>(source: NodeJS.TypedArray, from: number, target: T, to: number): T {
  expect(lib.tl_tensor_convert(source, from, target, to, source.length)).toBe(0);
  return target;
}

describe("conversion", () => {
  test("to f16 rounds to nearest even and overflows to infinity", () => {
    const values = new Float32Array([1, 2049, 2051, 65519, 65520, -1e9, 5.960464477539063e-8, 1e-9, NaN]);
    expect([...convert(values, code.float32, new Float16Array(9), code.float16)]).toEqual([
      1,
      2048,
      2052,
      65504,
      Infinity,
      -Infinity,
      5.960464477539063e-8,
      0,
      NaN,
    ]);
  });

  test("to integers goes toward zero, saturates, and gives 0 for NaN", () => {
    const values = new Float32Array([1.9, -1.9, 3e9, -3e9, NaN]);
    expect([...convert(values, code.float32, new Int32Array(5), code.int32)]).toEqual([
      1, -1, 2147483647, -2147483648, 0,
    ]);
  });

  test("to bool is non-zero", () => {
    const values = new Float32Array([0, -0, 0.5, NaN]);
    expect([...convert(values, code.float32, new Uint8Array(4), code.bool)]).toEqual([0, 0, 1, 1]);
  });

  test("of f16 to f64 is exact", () => {
    const values = new Float16Array([0.1, -65504, 6e-8]);
    expect([...convert(values, code.float16, new Float64Array(3), code.float64)]).toEqual([...values]);
  });
});

test("a copy closes the gaps of padded rows", () => {
  const source = new Float32Array([1, 2, 9, 9, 3, 4, 9, 9]);
  const target = new Float32Array(4);
  const shape = new BigInt64Array([2n, 2n]);
  const status = lib.tl_tensor_copy(
    source,
    new BigInt64Array([4n, 1n]),
    target,
    new BigInt64Array([2n, 1n]),
    code.float32,
    2,
    shape,
  );
  expect(status).toBe(0);
  expect([...target]).toEqual([1, 2, 3, 4]);
});

test("a copy of 12 axes transposes", () => {
  const sizes = Array.from({ length: 12 }, () => 2n);
  const rowMajor = sizes.map((_, axis) => 2n ** BigInt(11 - axis));
  const source = Float32Array.from({ length: 4096 }, (_, index) => index);
  const target = new Float32Array(4096);
  const status = lib.tl_tensor_copy(
    source,
    new BigInt64Array(rowMajor.toReversed()),
    target,
    new BigInt64Array(rowMajor),
    code.float32,
    12,
    new BigInt64Array(sizes),
  );
  expect(status).toBe(0);
  const reversedBits = (index: number) =>
    Number.parseInt([...index.toString(2).padStart(12, "0")].toReversed().join(""), 2);
  expect([...target]).toEqual(Array.from(source, (_, index) => reversedBits(index)));
});

describe("searches", () => {
  const values = new Float16Array([1, 7, 3, 7, -2]);

  test("argmax is the first of equals", () => {
    const index = new BigUint64Array(1);
    expect(lib.tl_tensor_argmax(values, code.float16, 5, index)).toBe(0);
    expect(index[0]).toBe(1n);
  });

  test("argmax takes NaN for the largest", () => {
    const index = new BigUint64Array(1);
    expect(lib.tl_tensor_argmax(new Float32Array([1, NaN, 9]), code.float32, 3, index)).toBe(0);
    expect(index[0]).toBe(1n);
  });

  test("top-k descends, equal ones by index, in every dtype", () => {
    for (const [array, dtype] of [
      [values, code.float16],
      [new Float64Array(values), code.float64],
      [new Int32Array(values), code.int32],
      [new Int8Array(values), code.int8],
    ] as const) {
      const indices = new Uint32Array(3);
      const found = new Float32Array(3);
      expect(lib.tl_tensor_top_k(array, dtype, 5, 3, indices, found)).toBe(0);
      expect([...indices]).toEqual([1, 3, 2]);
      expect([...found]).toEqual([7, 7, 3]);
    }
  });

  test("softmax survives large numbers", () => {
    const result = new Float32Array(4);
    expect(lib.tl_tensor_softmax(new Float32Array([1000, 1000, 0, -Infinity]), result, code.float32, 2, 2)).toBe(0);
    expect([...result]).toEqual([0.5, 0.5, 1, 0]);
  });
});

describe("pixels", () => {
  const rgb = new Uint8Array([10, 20, 30, 255, 0, 0]);

  function pixels(
    from: number,
    source: NodeJS.TypedArray,
    sourceRow: number,
    to: number,
    target: NodeJS.TypedArray,
    targetRow: number,
  ) {
    expect(lib.tl_image_convert(source, from, sourceRow, target, to, targetRow, 2, 1)).toBe(0);
    return [...target];
  }

  test("RGB to BGRA and RGBA", () => {
    expect(pixels(3, rgb, 6, 1, new Uint8Array(8), 8)).toEqual([30, 20, 10, 255, 0, 0, 255, 255]);
    expect(pixels(3, rgb, 6, 2, new Uint8Array(8), 8)).toEqual([10, 20, 30, 255, 255, 0, 0, 255]);
  });

  test("BGRA to RGB", () => {
    expect(pixels(1, new Uint8Array([30, 20, 10, 0, 0, 0, 255, 9]), 8, 3, new Uint8Array(6), 6)).toEqual([...rgb]);
  });

  test("gray is BT.601 luma as Pillow rounds it", () => {
    expect(pixels(3, rgb, 6, 4, new Uint8Array(2), 2)).toEqual([18, 76]);
    expect(pixels(3, rgb, 6, 5, new Float16Array(2), 4)).toEqual([18, 76]);
  });

  test("half-float gray is rounded and clamped", () => {
    expect(pixels(5, new Float16Array([1.5, 300]), 4, 4, new Uint8Array(2), 2)).toEqual([2, 255]);
    expect(pixels(5, new Float16Array([NaN, -3]), 4, 3, new Uint8Array(6), 6)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
