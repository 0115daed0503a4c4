import { describe, expect, test } from "bun:test";
import { metal, Tensor, type DispatchOptions } from "../../src/index.ts";

// Threads that wait for each other: barriers, threadgroup memory, simdgroups, atomics.

const device = metal.device();
const kernels = device.compile(`
#include <metal_stdlib>
using namespace metal;

kernel void group_sum(device const float *x, device float *out, threadgroup float *part [[threadgroup(0)]],
                      uint i [[thread_position_in_grid]], uint t [[thread_index_in_threadgroup]],
                      uint g [[threadgroup_position_in_grid]], uint n [[threads_per_threadgroup]]) {
  threadgroup float offset;
  if (t == 0) offset = 1000;
  part[t] = x[i];
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (uint width = 1; width < n; width *= 2) {
    float other = t + width < n && t % (2 * width) == 0 ? part[t + width] : 0;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    part[t] += other;
    threadgroup_barrier(mem_flags::mem_threadgroup);
  }
  if (t == 0) out[g] = part[0] + offset;
}

kernel void transpose(device const float *x, device float *out, constant uint &n,
                      uint2 i [[thread_position_in_grid]], uint2 t [[thread_position_in_threadgroup]],
                      uint2 g [[threadgroup_position_in_grid]]) {
  threadgroup float tile[16][16];
  tile[t.y][t.x] = x[i.y * n + i.x];
  threadgroup_barrier(mem_flags::mem_threadgroup);
  out[(g.x * 16 + t.y) * n + g.y * 16 + t.x] = tile[t.x][t.y];
}

float reduce(float value) { return simd_sum(value); }

kernel void simd(device const float *x, device float *out, uint i [[thread_position_in_grid]],
                 uint lane [[thread_index_in_simdgroup]]) {
  float v = x[i];
  device float *to = out + i * 12;
  to[0] = reduce(v);
  to[1] = simd_max(v);
  to[2] = simd_shuffle(v, 5);
  to[3] = simd_shuffle_xor(v, 1);
  to[4] = simd_shuffle_down(v, 2);
  to[5] = simd_prefix_inclusive_sum(v);
  to[6] = simd_prefix_exclusive_sum(v);
  to[7] = simd_broadcast_first(v);
  to[8] = quad_sum(v);
  to[9] = float(ulong(simd_ballot(lane % 3 == 0)) & 0xffff);
  to[10] = simd_all(v >= 0) ? 1 : 0;
  to[11] = simd_shuffle(float4(v), ushort(lane ^ 2)).z;
}

kernel void divergent(device float *out, uint lane [[thread_index_in_simdgroup]]) {
  float value = 1;
  if (lane < 8) value = simd_sum(value);
  out[lane] = value + simd_sum(1.0f);
}

kernel void early(device float *out, threadgroup float *shared [[threadgroup(0)]], uint t [[thread_index_in_threadgroup]]) {
  if (t >= 40) return;
  shared[t] = t;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  out[t] = shared[39 - t];
}

kernel void count(device atomic_uint *counts, device atomic_float *sum, device const uint *x,
                  uint i [[thread_position_in_grid]]) {
  atomic_fetch_add_explicit(&counts[x[i]], 1, memory_order_relaxed);
  atomic_fetch_add_explicit(sum, 0.5, memory_order_relaxed);
  atomic_fetch_max_explicit(&counts[7], i, memory_order_relaxed);
}
`);

async function run(name: string, options: DispatchOptions): Promise<void> {
  using queue = device.queue();
  queue.dispatch(kernels.pipeline(name), options);
  await queue.finished();
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test("a sum over threadgroup memory, static and dynamic", async () => {
  const x = Tensor.from(range(4096), [4096], "float32");
  const out = Tensor.zeros([4], "float32");
  await run("group_sum", {
    grid: [4096],
    threadgroup: [1024],
    buffers: [x, out],
    threadgroupMemory: { 0: 4096 },
  });
  const sums = range(4).map((g) => range(1024).reduce((sum, i) => sum + g * 1024 + i, 1000));
  expect(out.toArray()).toEqual(sums);
});

test("a transpose through a tile", async () => {
  const n = 64;
  const x = Tensor.from(range(n * n), [n, n], "float32");
  const out = Tensor.zeros([n, n], "float32");
  const grid = [n, n];
  await run("transpose", {
    grid,
    threadgroup: [16, 16],
    buffers: [x, out],
    bytes: { 2: new Uint32Array([n]) },
  });
  expect(Array.from(out.data)).toEqual(range(n * n).map((i) => (i % n) * n + Math.floor(i / n)));
});

describe("simdgroup functions", async () => {
  const n = 96;
  const x = range(n).map((i) => (i * 7) % 31);
  const out = Tensor.zeros([n, 12], "float32");
  await run("simd", {
    grid: [n],
    threadgroup: [n],
    buffers: [Tensor.from(x, [n], "float32"), out],
  });
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const lanes = (i: number) => x.slice(i - (i % 32), i - (i % 32) + 32);
  const expected: [string, (i: number) => number][] = [
    ["simd_sum", (i) => sum(lanes(i))],
    ["simd_max", (i) => Math.max(...lanes(i))],
    ["simd_shuffle", (i) => lanes(i)[5]!],
    ["simd_shuffle_xor", (i) => lanes(i)[(i % 32) ^ 1]!],
    ["simd_shuffle_down", (i) => lanes(i)[(i % 32) + 2] ?? x[i]!],
    ["simd_prefix_inclusive_sum", (i) => sum(lanes(i).slice(0, (i % 32) + 1))],
    ["simd_prefix_exclusive_sum", (i) => sum(lanes(i).slice(0, i % 32))],
    ["simd_broadcast_first", (i) => lanes(i)[0]!],
    ["quad_sum", (i) => sum(x.slice(i - (i % 4), i - (i % 4) + 4))],
    ["simd_ballot", () => 0b1001001001001001],
    ["simd_all", () => 1],
    ["simd_shuffle of a vector", (i) => lanes(i)[(i % 32) ^ 2]!],
  ];
  test.each(expected)("%s", (name, value) => {
    const column = expected.findIndex(([other]) => other === name);
    // What lanes without a partner receive is not defined.
    const defined = range(n).filter((i) => name !== "simd_shuffle_down" || i % 32 < 30);
    expect(defined.map((i) => out.at(i, column))).toEqual(defined.map(value));
  });
});

test("lanes on different paths do not mix", async () => {
  const out = Tensor.zeros([32], "float32");
  await run("divergent", { grid: [32], threadgroup: [32], buffers: [out] });
  expect(out.toArray()).toEqual(range(32).map((lane) => (lane < 8 ? 40 : 33)));
});

test("threads that end early leave the barrier to the others", async () => {
  const out = Tensor.zeros([40], "float32");
  await run("early", {
    grid: [64],
    threadgroup: [64],
    buffers: [out],
    threadgroupMemory: { 0: 160 },
  });
  expect(out.toArray()).toEqual(range(40).map((i) => 39 - i));
});

test("atomics from many groups", async () => {
  const n = 1 << 16;
  const x = Tensor.from(
    range(n).map((i) => i % 5),
    [n],
    "uint32",
  );
  const counts = Tensor.zeros([8], "uint32");
  const sum = Tensor.zeros([1], "float32");
  await run("count", { grid: [n], threadgroup: [64], buffers: [counts, sum, x] });
  expect(Array.from(counts.data)).toEqual([13108, 13107, 13107, 13107, 13107, 0, 0, n - 1]);
  expect(sum.at(0)).toBe(n / 2);
});
