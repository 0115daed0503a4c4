import { join } from "node:path";
import { decodeNpy } from "../../src/index.ts";

/** See test/fixtures/README.md. */
export const weightFiles = join(import.meta.dir, "..", "fixtures", "weights");

/** The halves that the float tensors of a fixture become, one behind the other in the order of their names. */
export async function expectedHalves(file: string): Promise<Float16Array> {
  return decodeNpy(await Bun.file(join(weightFiles, `${file}.expected.npy`)).bytes()).data as Float16Array;
}

const encoder = new TextEncoder();

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function u64(value: number | bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

/** A SafeTensors file of a header text, or of its members, and data bytes; `length` overrides what the file says of its header. */
export function safeTensors(header: string | object, dataBytes = 0, length?: number | bigint): Uint8Array {
  const text = encoder.encode(typeof header === "string" ? header : JSON.stringify(header));
  return concatenate([u64(length ?? text.length), text, new Uint8Array(dataBytes)]);
}

function text(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? encoder.encode(value) : value;
  return concatenate([u64(bytes.length), bytes]);
}

/** Type numbers of metadata values. */
export const valueTypes = { uint8: 0, uint32: 4, float32: 6, bool: 7, string: 8, array: 9, uint64: 10 } as const;

/** Parts of a GGUF file, for files that are wrong in one place. */
export const gguf = {
  u32,
  u64,
  text,
  concatenate,
  entry: (key: string | Uint8Array, type: number, ...value: Uint8Array[]) =>
    concatenate([text(key), u32(type), ...value]),
  tensor: (name: string, dimensions: readonly (number | bigint)[], type: number, offset: number | bigint) =>
    concatenate([text(name), u32(dimensions.length), ...dimensions.map(u64), u32(type), u64(offset)]),
};

interface GGUFParts {
  magic?: string;
  version?: number;
  tensorCount?: number | bigint;
  valueCount?: number | bigint;
  entries?: Uint8Array[];
  tensors?: Uint8Array[];
  alignment?: number;
  dataBytes?: number;
}

/** A GGUF file; counts and data follow from the parts unless they are given. */
export function ggufFile({ entries = [], tensors = [], ...parts }: GGUFParts): Uint8Array {
  const head = concatenate([
    encoder.encode(parts.magic ?? "GGUF"),
    u32(parts.version ?? 3),
    u64(parts.tensorCount ?? tensors.length),
    u64(parts.valueCount ?? entries.length),
    ...entries,
    ...tensors,
  ]);
  const alignment = parts.alignment ?? 32;
  const padding = (alignment - (head.length % alignment)) % alignment;
  return concatenate([head, new Uint8Array(padding + (parts.dataBytes ?? 0))]);
}
