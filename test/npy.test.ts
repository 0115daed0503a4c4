import { describe, expect, test } from "bun:test";
import { decodeNpy, encodeNpy, Tensor, type DType } from "../src/index.ts";

function npy(header: string, data: Uint8Array, major = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = major === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, major, 0, ...length, ...text, ...data]);
}

test.each(["float16", "float32", "float64", "int32", "int8", "uint8", "int16", "uint16", "uint32", "bool"] as DType[])(
  "%s survives the round trip",
  (dtype) => {
    const x = Tensor.from(
      [
        [0, 1, 1],
        [1, 0, 1],
      ],
      undefined,
      dtype,
    );
    const y = decodeNpy(encodeNpy(x));
    expect(y.dtype).toBe(dtype);
    expect(y.equals(x)).toBe(true);
  },
);

test("a Buffer out of Node's pool is read at its own offset", () => {
  const file = Buffer.concat([Buffer.alloc(3), encodeNpy(Tensor.from([[1, 2, 3]]))]).subarray(3);
  expect(decodeNpy(file).toArray()).toEqual([[1, 2, 3]]);
});

test("data starts at a multiple of 64, as numpy writes it", () => {
  expect((encodeNpy(Tensor.zeros([3])).length - 6) % 64).toBe(0);
});

test("scalars, one axis and padded tensors keep their shape", () => {
  expect(decodeNpy(encodeNpy(Tensor.from(4))).shape).toEqual([]);
  expect(decodeNpy(encodeNpy(Tensor.zeros([3]))).shape).toEqual([3]);
  const padded = Tensor.view(Float32Array.of(1, 2, 0, 3, 4, 0), [2, 2], { strides: [3, 1] });
  expect(decodeNpy(encodeNpy(padded)).toArray()).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test("version 2 and 64-bit integers", () => {
  const data = new Uint8Array(BigInt64Array.of(7n, -2n).buffer);
  expect(decodeNpy(npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n", data, 2)).toArray()).toEqual([
    7, -2,
  ]);
});

describe("refused with the file's name", () => {
  const cases: [string, Uint8Array, string][] = [
    ["other bytes", new Uint8Array(20), "x.npy: not a NumPy .npy file"],
    ["an empty file", new Uint8Array(0), "x.npy: not a NumPy .npy file"],
    ["version 9", npy("", new Uint8Array(9), 9), "x.npy: .npy version 9"],
    ["a header past the end", npy("{'descr': '<f4'", new Uint8Array(0)).subarray(0, 14), "x.npy: the header needs"],
    [
      "a structured dtype",
      npy("{'descr': [('a', '<f4')], 'shape': (1,), }", new Uint8Array(4)),
      "x.npy: no plain dtype",
    ],
    [
      "big endian",
      npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", new Uint8Array(4)),
      "x.npy: dtype >f4",
    ],
    [
      "complex",
      npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", new Uint8Array(8)),
      "x.npy: dtype <c8",
    ],
    [
      "Fortran order",
      npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", new Uint8Array(4)),
      "x.npy: Fortran order",
    ],
    [
      "missing data",
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", new Uint8Array(4)),
      "x.npy: shape [2] of <f4 needs 8 bytes, the file has 4",
    ],
    [
      "a negative size",
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", new Uint8Array(4)),
      "x.npy: shape[0] is -2",
    ],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    expect(() => decodeNpy(bytes, "x.npy")).toThrow(message);
  });
});
