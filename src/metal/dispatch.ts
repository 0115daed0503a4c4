import { ArgumentError } from "../errors.ts";
import type { Binding, Size3 } from "../native/metal.ts";
import { describe, formatShape } from "../shape.ts";
import { Tensor } from "../tensor.ts";

/** The memory behind one index: a tensor, or a part of it from an element on. `null` leaves the index free. */
export type BufferArgument = Tensor | { tensor: Tensor; byteOffset: number } | null | undefined;

/** Bytes that the kernel reads: any typed array, up to 4096 bytes. */
export type BytesArgument = ArrayBufferView | ArrayBuffer;

export interface DispatchOptions {
  /** Threads along x, y and z; one to three numbers. Groups at the end of the grid are smaller where it is no multiple. */
  grid: readonly number[];
  /** Threads of a group along x, y and z. */
  threadgroup: readonly number[];
  /** Tensors by index, as an array or by number. Used in place: the kernel reads and writes the tensors' memory. */
  buffers?: readonly BufferArgument[] | Readonly<Record<number, BufferArgument>>;
  /** Small constant data by index. */
  bytes?: Readonly<Record<number, BytesArgument>>;
  /** Byte lengths of threadgroup memory by index, multiples of 16. */
  threadgroupMemory?: Readonly<Record<number, number>>;
}

/** One to three positive integers as x, y, z. */
export function toSize3(value: unknown, what: string): Size3 {
  if (!Array.isArray(value) || value.length < 1 || value.length > 3) {
    throw new ArgumentError(`${what} is ${describe(value)}, expected one to three numbers of threads`);
  }
  for (const [axis, size] of value.entries()) {
    if (!Number.isInteger(size) || size < 1 || size > 0xffff_ffff) {
      throw new ArgumentError(`${what}[${axis}] is ${describe(size)}, expected an integer from 1 to 2^32 - 1`);
    }
  }
  return [value[0], value[1] ?? 1, value[2] ?? 1];
}

/** The bindings of a dispatch after checking them, and the tensors that they use. */
export function toBindings(options: DispatchOptions): { bindings: Binding[]; tensors: Tensor[] } {
  const bindings: Binding[] = [];
  const tensors: Tensor[] = [];
  for (const [key, argument] of Object.entries(options.buffers ?? {})) {
    if (argument === null || argument === undefined) continue;
    const index = toIndex(key, "buffers");
    const { tensor, byteOffset } = toMemory(argument, index);
    tensors.push(tensor);
    bindings.push({ kind: "buffer", index, buffer: tensor.buffer, byteOffset });
  }
  for (const [key, value] of Object.entries(options.bytes ?? {})) {
    const index = toIndex(key, "bytes");
    bindings.push({ kind: "bytes", index, bytes: toBytes(value, index) });
  }
  const used = new Set<number>();
  for (const { index } of bindings) {
    if (used.has(index)) throw new ArgumentError(`index ${index} is bound twice, by buffers and by bytes`);
    used.add(index);
  }
  for (const [key, byteLength] of Object.entries(options.threadgroupMemory ?? {})) {
    bindings.push({
      kind: "threadgroupMemory",
      index: toIndex(key, "threadgroupMemory"),
      byteLength,
    });
  }
  return { bindings, tensors };
}

function toIndex(key: string, what: string): number {
  const index = Number(key);
  if (Number.isInteger(index) && index >= 0 && index < 31) return index;
  throw new ArgumentError(`${what} has the index ${describe(key)}, expected an integer from 0 to 30`);
}

function toMemory(argument: Tensor | { tensor: Tensor; byteOffset: number }, index: number) {
  const tensor = argument instanceof Tensor ? argument : argument?.tensor;
  const offset = argument instanceof Tensor ? 0 : argument.byteOffset;
  if (!(tensor instanceof Tensor)) {
    throw new ArgumentError(`buffers[${index}] is ${describe(argument)}, expected a Tensor`);
  }
  if (!tensor.isDense) {
    throw new ArgumentError(
      `buffers[${index}] has strides ${formatShape(tensor.strides)}, which a kernel does not see; copy() makes it dense`,
    );
  }
  if (!Number.isInteger(offset) || offset < 0 || offset >= Math.max(tensor.byteLength, 1)) {
    throw new ArgumentError(
      `buffers[${index}].byteOffset is ${describe(offset)}, expected an integer below ${tensor.byteLength}`,
    );
  }
  return { tensor, byteOffset: tensor.byteOffset + offset };
}

function toBytes(value: unknown, index: number): Uint8Array {
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : value instanceof ArrayBuffer
      ? new Uint8Array(value)
      : undefined;
  if (!bytes) throw new ArgumentError(`bytes[${index}] is ${describe(value)}, expected a typed array`);
  if (bytes.length < 1 || bytes.length > 4096) {
    throw new ArgumentError(`bytes[${index}] has ${bytes.length} bytes, expected 1 to 4096; use a tensor for more`);
  }
  return bytes;
}
