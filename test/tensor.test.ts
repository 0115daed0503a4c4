import { describe, expect, test } from "bun:test";
import { ArgumentError, DisposedError, MemoryError, Tensor } from "../src/index.ts";
import { dtypes, type DType } from "../src/dtype.ts";

describe("creation", () => {
  test("zeros are float16 in page-aligned native memory", () => {
    const x = Tensor.zeros([2, 3]);
    expect(x.dtype).toBe("float16");
    expect(x.data).toBeInstanceOf(Float16Array);
    expect([...x.data]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(x.strides).toEqual([3, 1]);
    expect(x.buffer.address % 4096).toBe(0);
  });

  test.each(Object.keys(dtypes) as DType[])("zeros of %s hold that type", (dtype) => {
    const x = Tensor.zeros([4], dtype);
    expect(x.data.BYTES_PER_ELEMENT).toBe(dtypes[dtype].byteLength);
    expect(x.byteLength).toBe(4 * dtypes[dtype].byteLength);
  });

  test("from converts to float16, ties to even, beyond 65,504 to infinity", () => {
    const x = Tensor.from(new Float32Array([1, 2049, 2051, 65504, 65520, -1e6, Number.NaN]), [7]);
    expect([...x.data]).toEqual([1, 2048, 2052, 65504, Infinity, -Infinity, Number.NaN]);
  });

  test("from keeps float32 when told", () => {
    expect([...Tensor.from(new Float32Array([1.1]), [1], "float32").data]).toEqual([Math.fround(1.1)]);
  });

  test("from takes nested numbers with their shape", () => {
    const x = Tensor.from([
      [1, 2],
      [3, 4],
    ]);
    expect(x.shape).toEqual([2, 2]);
    expect(x.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test("integers are cut towards zero and saturate", () => {
    expect([...Tensor.from([300, -300, 1.5, -2.7], [4], "int8").data]).toEqual([127, -128, 1, -2]);
  });

  test("64-bit integers and booleans", () => {
    expect([...Tensor.from(new BigInt64Array([5n, -6n]), [2], "int32").data]).toEqual([5, -6]);
    expect([...Tensor.from([true, false], [2], "bool").data]).toEqual([1, 0]);
  });

  test("a scalar has an empty shape", () => {
    const x = Tensor.from(3);
    expect(x.shape).toEqual([]);
    expect(x.toArray()).toBe(3);
  });

  test("an empty tensor has no elements", () => {
    const x = Tensor.zeros([2, 0]);
    expect(x.elementCount).toBe(0);
    expect(x.toFloat32()).toHaveLength(0);
    expect(() => x.argmax()).toThrow("argmax of an empty tensor (shape [2, 0])");
  });
});

describe("views of JavaScript memory", () => {
  test("share it both ways", () => {
    const memory = new Float16Array(6);
    const x = Tensor.view(memory, [2, 3]);
    memory[4] = 7;
    expect(x.at(1, 1)).toBe(7);
    x.data[0] = 2;
    expect(memory[0]).toBe(2);
  });

  test("a part of an array starts at its own offset", () => {
    expect(Tensor.view(new Float32Array([1, 2, 3, 4]).subarray(2)).toArray()).toEqual([3, 4]);
  });

  test("strides read padded rows", () => {
    const x = Tensor.view(Float32Array.of(1, 2, -1, 3, 4, -1), [2, 2], { strides: [3, 1] });
    expect(x.isDense).toBe(false);
    expect(x.at(1, 0)).toBe(3);
    expect([...x.toFloat32()]).toEqual([1, 2, 3, 4]);
    expect(x.argmax()).toBe(3);
  });

  test("bytes may be booleans, other types not", () => {
    expect(Tensor.view(new Uint8Array(2), [2], { dtype: "bool" }).dtype).toBe("bool");
    expect(() => Tensor.view(new Uint8Array(2), [2], { dtype: "int8" })).toThrow(
      "a Uint8Array holds uint8, it cannot be viewed as int8",
    );
  });

  test("a detached ArrayBuffer is an error at creation and at use", () => {
    const memory = new Float32Array(4);
    const x = Tensor.view(memory, [4]);
    structuredClone(memory.buffer, { transfer: [memory.buffer] });
    expect(() => x.data).toThrow(MemoryError);
    expect(() => x.argmax()).toThrow("the ArrayBuffer under Tensor float32 [4] is detached");
    expect(() => Tensor.view(memory, [0])).toThrow("its ArrayBuffer is detached");
    expect(() => Tensor.from(memory, [0])).toThrow("its ArrayBuffer is detached");
  });
});

describe("refused", () => {
  const cases: [string, () => unknown, string][] = [
    ["a NaN size", () => Tensor.zeros([Number.NaN]), "shape[0] is NaN"],
    ["an unknown dtype", () => Tensor.zeros([1], "float8" as DType), 'dtype "float8" is none of'],
    ["a wrong length", () => Tensor.from([1, 2, 3], [2, 2]), "data has 3 elements, shape [2, 2] needs 4"],
    ["text", () => Tensor.from("abc" as never), 'data is "abc", expected a typed array or (nested) numbers'],
    ["a view of numbers", () => Tensor.view([1, 2] as never), "data is an array of length 2, expected a typed array"],
    [
      "a view that is too short",
      () => Tensor.view(new Float32Array(3), [2, 2]),
      "data has 3 elements, shape [2, 2] needs 4",
    ],
    ["strides that reach too far", () => Tensor.view(new Float32Array(4), [2, 2], { strides: [4, 1] }), "needs 6"],
    ["an index outside", () => Tensor.zeros([2, 2]).at(0, 2), "index 2 is outside axis 1 of size 2"],
    ["a NaN index", () => Tensor.zeros([2]).at(Number.NaN), "index NaN is outside axis 0"],
    ["too few indices", () => Tensor.zeros([2, 2]).at(0), "at(0) has 1 indices, shape [2, 2] has 2 axes"],
    ["topK of NaN", () => Tensor.zeros([2]).topK(Number.NaN), "topK(NaN): expected a positive integer"],
    ["topK of zero", () => Tensor.zeros([2]).topK(0), "topK(0): expected a positive integer"],
    ["a reshape to another count", () => Tensor.zeros([6]).reshape([4]), "shape [6] cannot become [4]"],
    ["a reshape that does not divide", () => Tensor.zeros([6]).reshape([4, -1]), "shape[1] is 1.5"],
  ];

  test.each(cases)("%s", (_, call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });
});

describe("native loops", () => {
  const x = Tensor.from(new Float32Array([0.5, 3, -1, 3, 2, 0]), [2, 3]);

  test("argmax is the first of equals", () => expect(x.argmax()).toBe(1));

  test("NaN counts as largest, as in numpy", () => {
    expect(Tensor.from([1, Number.NaN, 5]).argmax()).toBe(1);
  });

  test("topK is sorted, and no longer than the tensor", () => {
    expect(x.topK(2)).toEqual([
      { index: 1, value: 3 },
      { index: 3, value: 3 },
    ]);
    expect(x.topK(99)).toHaveLength(6);
  });

  test("softmax runs over the last axis in the same type", () => {
    const y = Tensor.from(
      [
        [0, 0],
        [0, Math.log(3)],
      ],
      [2, 2],
      "float32",
    ).softmax();
    const want = [0.5, 0.5, 0.25, 0.75];
    expect(y.dtype).toBe("float32");
    for (const [i, value] of y.toFloat32().entries()) expect(value).toBeCloseTo(want[i]!, 6);
  });

  test("softmax of infinities and large numbers does not overflow", () => {
    const y = Tensor.from([1000, 1000, -Infinity], [3], "float32").softmax();
    expect([...y.toFloat32()]).toEqual([0.5, 0.5, 0]);
  });

  test("to converts and copies", () => {
    const y = x.to("int32");
    expect([...y.data]).toEqual([0, 3, -1, 3, 2, 0]);
    y.data[0] = 9;
    expect(x.at(0, 0)).toBe(0.5);
  });

  test("copy is equal and separate; reshape shares", () => {
    const copy = x.copy();
    expect(copy.equals(x)).toBe(true);
    const flat = copy.reshape([3, -1]);
    expect(flat.shape).toEqual([3, 2]);
    flat.data[0] = 8;
    expect(copy.at(0, 0)).toBe(8);
    expect(copy.equals(x)).toBe(false);
  });
});

describe("lifetime", () => {
  test("after dispose the tensor is refused and its views are empty", () => {
    const x = Tensor.zeros([4]);
    const view = x.data;
    x.dispose();
    x.dispose();
    expect(view).toHaveLength(0);
    expect(() => x.data).toThrow(DisposedError);
    expect(() => x.toFloat32()).toThrow("Tensor float16 [4] was disposed");
  });

  test("using disposes", () => {
    let leaked: Tensor;
    {
      using x = Tensor.zeros([4]);
      leaked = x;
    }
    expect(leaked.isReleased).toBe(true);
  });

  test("data is one array, made once", () => {
    const x = Tensor.zeros([4]);
    expect(x.data).toBe(x.data);
  });

  test("a view of data keeps the memory after the tensor is gone", () => {
    const views = Array.from({ length: 50 }, (_, i) => Tensor.from([i], [1], "float32").data.subarray(0));
    Bun.gc(true);
    for (let i = 0; i < 200; i++) Tensor.zeros([1], "float32").data[0] = -1;
    expect(views.map((view) => view[0])).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});
