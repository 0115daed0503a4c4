import type { FileHandle } from "node:fs/promises";
import { ArgumentError, IoError } from "./errors.ts";
import { checkShape, describe, elementCount, formatShape } from "./shape.ts";
import { bitsOf, storedTypeOf } from "./stored-types.ts";
import { Tensor } from "./tensor.ts";

/** What the writer needs of one tensor; `read` is called when its turn has come. */
export interface TensorEntry {
  name: string;
  /** The type's name in the file. */
  dtype: string;
  shape: readonly number[];
  byteLength: number;
  read(): Uint8Array;
}

/** A tensor as it is stored, see `Weights.raw`. */
interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

/**
 * Writes tensors as a SafeTensors file, each in its own element type. A file of that name is replaced when the new one is complete.
 *
 * ```ts
 * import { saveTensors, Tensor } from "tensorlogic";
 * await saveTensors("/tmp/weights.safetensors", { "layer.0.weight": Tensor.zeros([2, 3]) }, { format: "pt" });
 * ```
 */
export async function saveTensors(
  path: string | URL,
  tensors: Readonly<Record<string, Tensor | StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const file = path instanceof URL ? Bun.fileURLToPath(path) : path;
  if (typeof file !== "string" || file === "") throw new ArgumentError(`path is ${describe(path)}, expected a path`);
  if (typeof tensors !== "object" || tensors === null || Array.isArray(tensors))
    throw new ArgumentError(`tensors is ${describe(tensors)}, expected an object of names and tensors`);
  await writeSafeTensors(
    file,
    Object.entries(tensors).map(([name, tensor]) => toEntry(name, tensor)),
    metadata,
  );
}

function toEntry(name: string, tensor: Tensor | StoredTensor): TensorEntry {
  const dtype = typeof tensor?.dtype === "string" ? storedTypeOf(tensor.dtype) : undefined;
  if (dtype === undefined || !ArrayBuffer.isView(tensor.data)) {
    const what = typeof tensor?.dtype === "string" ? `a tensor of ${tensor.dtype}` : describe(tensor);
    throw new ArgumentError(`tensor ${JSON.stringify(name)} is ${what}, expected a Tensor or what Weights.raw gives`);
  }
  const shape = checkShape([...tensor.shape], `shape of ${JSON.stringify(name)}`);
  const byteLength = (elementCount(shape) * bitsOf(dtype)!) / 8;
  const dense = tensor instanceof Tensor && !tensor.isDense ? tensor.copy() : tensor;
  const { data } = dense;
  if (data.byteLength !== byteLength) {
    throw new ArgumentError(
      `tensor ${JSON.stringify(name)}: ${data.byteLength} bytes, ${dtype} ${formatShape(shape)} needs ${byteLength}`,
    );
  }
  return {
    name,
    dtype,
    shape,
    byteLength,
    read: () => new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, byteLength),
  };
}

/** Writes to a file beside it and renames that: readers see the old file or the new one, never a part. */
export async function writeSafeTensors(
  path: string,
  entries: readonly TensorEntry[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  // The reference's order: widest elements first, so that every tensor is aligned; then by name.
  const sorted = entries.toSorted((a, b) => bitsOf(b.dtype)! - bitsOf(a.dtype)! || (a.name < b.name ? -1 : 1));
  const header = encodeHeader(sorted, metadata);
  // Loaded where it is used: 2 ms of a process's start (Bun 1.4.5, 2026-11-25).
  const { open, rename, rm } = await import("node:fs/promises");
  const temporary = `${path}.${process.pid}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await writeAll(file, header);
      for (const entry of sorted) await writeAll(file, entry.read());
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof Error && "syscall" in cause)
      throw new IoError(`${path}: cannot be written: ${cause.message}`, { cause });
    throw cause;
  }
}

function encodeHeader(entries: readonly TensorEntry[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const members: string[] = [];
  const texts = Object.entries(metadata);
  for (const [key, value] of texts) {
    if (typeof value !== "string")
      throw new ArgumentError(`metadata ${JSON.stringify(key)} is ${describe(value)}, expected a string`);
    checkText(value, `metadata ${JSON.stringify(key)}`);
  }
  if (texts.length > 0) members.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let offset = 0;
  for (const { name, dtype, shape, byteLength } of entries) {
    if (name === "__metadata__") throw new ArgumentError(`a tensor cannot have the name "__metadata__"`);
    checkText(name, "the name of a tensor");
    const data_offsets = [offset, (offset += byteLength)];
    members.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets })}`);
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  // Padded with spaces, so that the data begin at a multiple of 8.
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return header;
}

function checkText(text: string, what: string): void {
  if (!text.isWellFormed()) throw new ArgumentError(`${what} is ${JSON.stringify(text)}, which UTF-8 cannot express`);
}

/** One write takes 2 GiB at most on Linux. */
const chunkBytes = 1 << 28;

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, offset, Math.min(chunkBytes, bytes.length - offset));
    offset += bytesWritten;
  }
}
