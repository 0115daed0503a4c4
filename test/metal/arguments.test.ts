import { describe, expect, test } from "bun:test";
import { metal, Tensor, type DispatchOptions } from "../../src/index.ts";

const device = metal.device();
const kernels = device.compile(`
kernel void copy(device const float *a [[buffer(0)]], device float *b [[buffer(1)]], constant float &s [[buffer(2)]],
                 threadgroup float *shared [[threadgroup(0)]], uint i [[thread_position_in_grid]]) { b[i] = a[i] * s; }
`);
const a = Tensor.from([1, 2], [2], "float32");
const b = Tensor.zeros([2], "float32");
const good = {
  grid: [2],
  threadgroup: [2],
  buffers: [a, b],
  bytes: { 2: new Float32Array([2]) },
  threadgroupMemory: { 0: 16 },
};

function messageOf(change: Record<string, unknown>): string {
  using queue = device.queue();
  try {
    queue.dispatch(kernels.pipeline("copy"), { ...good, ...change } as DispatchOptions);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return "accepted";
}

describe("a dispatch is refused before anything is encoded:", () => {
  test.each([
    ["no grid", { grid: undefined }, "ArgumentError: grid is undefined, expected one to three numbers of threads"],
    ["an empty grid", { grid: [2, 0] }, "ArgumentError: grid[1] is 0, expected an integer from 1 to 2^32 - 1"],
    ["a fraction", { grid: [1.5] }, "ArgumentError: grid[0] is 1.5, expected an integer from 1 to 2^32 - 1"],
    [
      "a negative size",
      { threadgroup: [-1] },
      "ArgumentError: threadgroup[0] is -1, expected an integer from 1 to 2^32 - 1",
    ],
    [
      "four axes",
      { grid: [1, 1, 1, 1] },
      "ArgumentError: grid is an array of length 4, expected one to three numbers of threads",
    ],
    [
      "a huge group",
      { threadgroup: [1024, 1024] },
      "ArgumentError: kernel copy: the threadgroup has 1048576 threads, this pipeline allows 1024",
    ],
    ["a number as a buffer", { buffers: [a, 5] }, "ArgumentError: buffers[1] is 5, expected a Tensor"],
    [
      "an index too large",
      { buffers: { 0: a, 1: b, 31: a } },
      'ArgumentError: buffers has the index "31", expected an integer from 0 to 30',
    ],
    [
      "one index twice",
      { bytes: { 1: new Uint8Array(4), 2: new Float32Array(1) } },
      "ArgumentError: index 1 is bound twice, by buffers and by bytes",
    ],
    [
      "too many bytes",
      { bytes: { 2: new Uint8Array(4097) } },
      "ArgumentError: bytes[2] has 4097 bytes, expected 1 to 4096; use a tensor for more",
    ],
    [
      "an offset outside",
      { buffers: [{ tensor: a, byteOffset: 8 }, b] },
      "ArgumentError: buffers[0].byteOffset is 8, expected an integer below 8",
    ],
    [
      "odd threadgroup memory",
      { threadgroupMemory: { 0: 17 } },
      "ArgumentError: kernel copy: threadgroupMemory 0: 17 bytes, expected a multiple of 16; all together at most 32768",
    ],
    [
      "too much threadgroup memory",
      { threadgroupMemory: { 0: 32784 } },
      "ArgumentError: kernel copy: threadgroupMemory 0: 32784 bytes, expected a multiple of 16; all together at most 32768",
    ],
  ] as const)("%s", (_, change, message) => {
    if (device.portable) expect(messageOf(change)).toBe(message);
    else expect(messageOf(change)).toStartWith("ArgumentError");
  });

  test("a view of JavaScript memory that is no whole page", () => {
    const view = Tensor.view(new Float32Array(2));
    expect(messageOf({ buffers: [view, b] })).toContain("copy() it");
  });

  test("a strided tensor", () => {
    const strided = Tensor.view(new Float32Array(4), [2], { strides: [2] });
    expect(messageOf({ buffers: [strided, b] })).toContain("strides [2]");
  });

  test("a disposed tensor", () => {
    const gone = Tensor.zeros([2], "float32");
    gone.dispose();
    expect(messageOf({ buffers: [gone, b] })).toContain("was disposed");
  });

  test.skipIf(!device.portable)("an argument to which nothing is bound", () => {
    expect(messageOf({ bytes: {} })).toBe("ArgumentError: kernel copy: nothing is bound to 's' [[buffer(2)]]");
    expect(messageOf({ threadgroupMemory: {} })).toBe(
      "ArgumentError: kernel copy: nothing is bound to 'shared' [[threadgroup(0)]]",
    );
    expect(messageOf({ buffers: { 0: a } })).toBe("ArgumentError: kernel copy: nothing is bound to 'b' [[buffer(1)]]");
  });

  test("an unknown kernel", () => {
    expect(() => kernels.pipeline("paste")).toThrow("no kernel is named 'paste'; the source has copy");
  });

  test("and the good one is accepted", () => {
    expect(messageOf({})).toBe("accepted");
  });
});
