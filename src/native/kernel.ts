import { dtypes, type DType } from "../dtype.ts";
import { encodeJson } from "./arguments.ts";
import type { SharedBuffer } from "./buffer.ts";
import { check, native } from "./library.ts";

/** A dense tensor's place in memory. */
export interface KernelTensor {
  buffer: SharedBuffer;
  byteOffset: number;
  dtype: DType;
  shape: readonly number[];
}

/** Runs an operation by the CPU's kernels (tl_kernel_run); inputs first. */
export function runKernel(
  operation: string,
  tensors: readonly KernelTensor[],
  parameters: Readonly<Record<string, unknown>>,
): void {
  const call = encodeJson({
    operation,
    tensors: tensors.map(({ dtype, shape }) => ({ dtype: dtypes[dtype].code, shape })),
    parameters,
  });
  const places = new BigUint64Array(tensors.length * 2);
  // Handles of JavaScript memory exist inside withHandle only.
  const bind = (at: number): void => {
    const tensor = tensors[at];
    if (!tensor) return check(native().tl_kernel_run(call, call.length, places, tensors.length));
    tensor.buffer.withHandle((handle) => {
      places[2 * at] = BigInt(handle);
      places[2 * at + 1] = BigInt(tensor.byteOffset);
      bind(at + 1);
    });
  };
  bind(0);
}
