import { expect, test } from "bun:test";
import { metal, readCounters, Tensor } from "../../src/index.ts";

const device = metal.device();
const kernels = device.compile(`
#include <metal_stdlib>
using namespace metal;

kernel void add_f16(device const half *a [[buffer(0)]], device const half *b [[buffer(1)]],
                    device half *out [[buffer(2)]], constant uint &n [[buffer(3)]],
                    uint i [[thread_position_in_grid]]) {
  if (i < n) out[i] = a[i] + b[i];
}

kernel void twice(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] *= 2; }

kernel void places(device uint *out, uint3 grid [[thread_position_in_grid]], ushort3 local [[thread_position_in_threadgroup]],
                   uint3 group [[threadgroup_position_in_grid]], uint3 size [[threads_per_grid]],
                   uint3 threads [[threads_per_threadgroup]], uint index [[thread_index_in_threadgroup]],
                   uint2 groups [[threadgroups_per_grid]]) {
  uint at = ((grid.z * size.y + grid.y) * size.x + grid.x) * 4;
  out[at] = group.x * 100 + group.y * 10 + group.z;
  out[at + 1] = local.x * 100 + local.y * 10 + local.z;
  out[at + 2] = index;
  out[at + 3] = threads.x * 1000 + threads.y * 100 + groups.x * 10 + groups.y;
}

[[max_total_threads_per_threadgroup(64)]]
kernel void narrow(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] = 1; }
`);

test("a kernel reads and writes the tensors' memory in place", async () => {
  const n = 1000;
  const a = Tensor.from(Array.from({ length: n }, (_, i) => i));
  const b = Tensor.from(Array.from({ length: n }, () => 0.5));
  const out = Tensor.zeros([n]);
  using queue = device.queue();
  const before = readCounters().copiedBytes;
  queue.dispatch(kernels.pipeline("add_f16"), {
    grid: [1024],
    threadgroup: [256],
    buffers: [a, b, out],
    bytes: { 3: new Uint32Array([n]) },
  });
  const { commandBuffers, gpuTimeMs } = await queue.finished();
  expect(readCounters().copiedBytes - before).toBe(0);
  expect(Array.from(out.data)).toEqual(Array.from({ length: n }, (_, i) => Math.f16round(i + 0.5)));
  expect(commandBuffers).toBe(1);
  expect(gpuTimeMs).toBeGreaterThan(0);
});

test("places in grid and group, with smaller groups at the ends", async () => {
  const out = Tensor.zeros([2, 3, 5, 4], "uint32");
  using queue = device.queue();
  queue.dispatch(kernels.pipeline("places"), {
    grid: [5, 3, 2],
    threadgroup: [2, 2, 1],
    buffers: [out],
  });
  await queue.finished();
  for (let z = 0; z < 2; z++) {
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 5; x++) {
        const [width, height] = [x === 4 ? 1 : 2, y === 2 ? 1 : 2];
        const found = [0, 1, 2, 3].map((i) => out.at(z, y, x, i));
        const expected = [
          Math.floor(x / 2) * 100 + Math.floor(y / 2) * 10 + z,
          (x % 2) * 100 + (y % 2) * 10,
          (y % 2) * width + (x % 2),
          width * 1000 + height * 100 + 3 * 10 + 2,
        ];
        expect({ x, y, z, found }).toEqual({ x, y, z, found: expected });
      }
    }
  }
});

test("a batch is one command buffer, in order", async () => {
  const x = Tensor.from([1, 2, 3], [3], "float32");
  using queue = device.queue();
  queue.batch((commands) => {
    for (let i = 0; i < 10; i++) {
      commands.dispatch(kernels.pipeline("twice"), { grid: [3], threadgroup: [3], buffers: [x] });
    }
  });
  expect((await queue.finished()).commandBuffers).toBe(1);
  expect(x.toArray()).toEqual([1024, 2048, 3072]);
});

test("a batch that throws runs nothing", async () => {
  const x = Tensor.from([1], [1], "float32");
  using queue = device.queue();
  expect(() =>
    queue.batch((commands) => {
      commands.dispatch(kernels.pipeline("twice"), { grid: [1], threadgroup: [1], buffers: [x] });
      throw new Error("stop");
    }),
  ).toThrow("stop");
  expect((await queue.finished()).commandBuffers).toBe(0);
  expect(x.toArray()).toEqual([1]);
});

test("an event orders two queues", async () => {
  const x = Tensor.from([1], [1], "float32");
  using first = device.queue();
  using second = device.queue();
  using event = device.event();
  const twice = { grid: [1], threadgroup: [1], buffers: [x] };
  second.batch((commands) => {
    commands.wait(event, 1);
    commands.dispatch(kernels.pipeline("twice"), twice);
    commands.signal(event, 2);
  });
  await Bun.sleep(20);
  expect(x.toArray()).toEqual([1]);
  first.batch((commands) => {
    commands.dispatch(kernels.pipeline("twice"), twice);
    commands.signal(event, 1);
  });
  await Promise.all([first.finished(), second.finished()]);
  expect(x.toArray()).toEqual([4]);
  expect(event.value).toBe(2);
});

test("JavaScript can signal", async () => {
  using queue = device.queue();
  using event = device.event();
  queue.wait(event, 7);
  setTimeout(() => event.signal(7), 5);
  await queue.finished();
  expect(event.value).toBe(7);
});

test("a tensor disposed during the run stays until its end", async () => {
  const x = Tensor.zeros([1 << 20], "float32");
  using queue = device.queue();
  for (let i = 0; i < 4; i++) {
    queue.dispatch(kernels.pipeline("twice"), {
      grid: [1 << 20],
      threadgroup: [256],
      buffers: [x],
    });
  }
  x.dispose();
  expect((await queue.finished()).commandBuffers).toBe(4);
});

test("a part of a tensor from a byte on", async () => {
  const x = Tensor.from([1, 2, 3, 4], [4], "float32");
  using queue = device.queue();
  queue.dispatch(kernels.pipeline("twice"), {
    grid: [2],
    threadgroup: [2],
    buffers: [{ tensor: x, byteOffset: 8 }],
  });
  await queue.finished();
  expect(x.toArray()).toEqual([1, 2, 6, 8]);
});

test("limits of a pipeline", () => {
  expect(kernels.functionNames).toEqual(["add_f16", "twice", "places", "narrow"]);
  expect(kernels.pipeline("twice").threadExecutionWidth).toBeGreaterThan(0);
  expect(kernels.pipeline("twice").maxTotalThreadsPerThreadgroup).toBeGreaterThanOrEqual(64);
  expect(kernels.pipeline("narrow").maxTotalThreadsPerThreadgroup).toBeLessThanOrEqual(64);
});

test("nothing is left after many rounds", async () => {
  const x = Tensor.zeros([64], "float32");
  using queue = device.queue();
  // What other tests left goes when it is collected: now, or it would be missing from the count below.
  Bun.gc(true);
  await Bun.sleep(10);
  const { handles } = readCounters();
  for (let i = 0; i < 500; i++) {
    queue.dispatch(kernels.pipeline("twice"), { grid: [64], threadgroup: [64], buffers: [x] });
    if (i % 50 === 0) await queue.finished();
  }
  await queue.finished();
  expect(readCounters().handles).toBeLessThanOrEqual(handles);
});
