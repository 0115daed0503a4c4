import { MetalDevice } from "./metal/device.ts";
import { EngineOperations } from "./metal/engine-operations.ts";
import type { Operations } from "./metal/operations.ts";

let shared: MetalDevice | undefined;
const engine: Operations = new EngineOperations();

/**
 * Metal from TypeScript: kernels that work on the memory of tensors, in place. On macOS they run on the GPU; on Linux the
 * portable device runs them on the CPU.
 *
 * ```ts
 * const device = metal.device();
 * const kernels = device.compile(`
 *   #include <metal_stdlib>
 *   kernel void twice(device half *x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] *= 2; }
 * `);
 * const x = Tensor.from([1, 2, 3]);
 * const queue = device.queue();
 * queue.dispatch(kernels.pipeline("twice"), { grid: [3], threadgroup: [3], buffers: [x] });
 * await queue.finished();
 * x.toArray(); // [2, 4, 6]
 * ```
 */
export const metal = {
  /** The machine's device; UnsupportedError where there is none. */
  device(): MetalDevice {
    return (shared ??= new MetalDevice());
  },
  /** The f16 operations of `queue.operations` by the CPU's own kernels: done when the call returns, no device needed. */
  engine,
} as const;
