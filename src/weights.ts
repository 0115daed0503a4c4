import type { DType } from "./dtype.ts";
import { ArgumentError, NotFoundError } from "./errors.ts";
import type { OwnedHandle } from "./native/handle.ts";
import {
  describeWeights,
  openWeightsHandle,
  readMetadata,
  readTensor,
  type WeightsDescription,
} from "./native/weights.ts";
import { writeSafeTensors, type TensorEntry } from "./safetensors.ts";
import { denseStrides, describe, elementCount } from "./shape.ts";
import { arrayOfStored, dtypeOfStored, isSafeTensorsType, type StoredArray } from "./stored-types.ts";
import { Tensor } from "./tensor.ts";
import { decodeMetadata, encodeMetadata, type MetadataValue } from "./weights-metadata.ts";

/** What is known about a file of weights. */
export interface WeightsMetadata {
  format: "SafeTensors" | "GGUF";
  /** `weights`: there is no program to run. */
  kind: "weights";
  /** The type that most bytes are stored in: F16, F32, BF16, Q4_1, … */
  quantization: string;
  /** Of GGUF; 0 for SafeTensors. */
  specificationVersion: number;
  /** From `general.author`, `general.license`, … of a GGUF file; otherwise empty. */
  author: string;
  license: string;
  description: string;
  version: string;
  /** Everything that the file says of itself, by key; 64-bit integers are bigints. Long arrays are read at their first access. */
  userDefined: Readonly<Record<string, MetadataValue>>;
}

export interface TensorInfo {
  readonly name: string;
  /** The type in the file: F16, BF16, Q4_K, I64, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes in the file. */
  readonly byteLength: number;
}

/** A tensor as it is stored. Types that `Tensor` has come as a `Tensor`, which has these fields too. */
export interface RawTensor {
  /** `int64`, `uint64`, or the file's own name (`BF16`, `Q4_K`) for bytes without a typed array of their own. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: StoredArray;
}

/**
 * An open file of named tensors: SafeTensors (also in shards) or GGUF. The file is mapped: a tensor costs memory when it is read.
 * Tensors stay valid after `dispose`.
 */
export class Weights {
  readonly path: string;
  readonly metadata: Readonly<WeightsMetadata>;
  readonly tensors: readonly TensorInfo[];
  readonly #handle: OwnedHandle;
  readonly #indices: ReadonlyMap<string, number>;

  /** @internal Use `loadModel`. */
  constructor(path: string, handle: OwnedHandle, about: WeightsDescription) {
    this.path = path;
    this.#handle = handle;
    this.tensors = Object.freeze(about.tensors.map((info) => Object.freeze(info)));
    this.#indices = new Map(about.tensors.map(({ name }, index) => [name, index]));
    const userDefined = decodeMetadata(about.metadata, (index) => readMetadata(handle, index));
    const text = (key: string) => {
      const value = Object.hasOwn(userDefined, key) ? userDefined[key] : "";
      return typeof value === "string" ? value : "";
    };
    this.metadata = Object.freeze({
      format: about.format,
      kind: "weights",
      quantization: about.quantization,
      specificationVersion: about.version,
      author: text("general.author"),
      license: text("general.license"),
      description: text("general.description"),
      version: text("general.version"),
      userDefined,
    });
  }

  get tensorNames(): string[] {
    return this.tensors.map(({ name }) => name);
  }

  /** Name, type, shape and size of one tensor. NotFoundError when there is none of that name. */
  info(name: string): TensorInfo {
    return this.tensors[this.#indexOf(name)]!;
  }

  /**
   * The tensor as float16: F16 in place, other floats and quantised blocks converted. Writing to one that is in place changes this
   * process's memory, never the file. UnsupportedError for integers, which `raw` gives.
   */
  tensor(name: string): Tensor<"float16"> {
    const { shape } = this.info(name);
    const buffer = readTensor(this.#handle, this.#indexOf(name), "tensor");
    return Tensor.adopt("float16", shape, denseStrides(shape), buffer);
  }

  /** The tensor as it is stored, in place: a `Tensor` where there is an element type for it, else its numbers or bytes. */
  raw(name: string): Tensor | RawTensor {
    const { shape, dtype } = this.info(name);
    const buffer = readTensor(this.#handle, this.#indexOf(name), "raw");
    const own = dtypeOfStored(dtype);
    if (own) return Tensor.adopt<DType>(own, shape, denseStrides(shape), buffer);
    return Object.freeze({ ...arrayOfStored(dtype, buffer.bytes, this.info(name).byteLength), shape });
  }

  /**
   * Writes all tensors as one SafeTensors file: each in its own type where the format has it, quantised blocks as F16. The metadata goes
   * along as text, without arrays of more than 64 values (a vocabulary).
   */
  async save(path: string): Promise<void> {
    if (typeof path !== "string" || path === "") throw new ArgumentError(`path is ${describe(path)}, expected a path`);
    const entries = this.tensors.map(({ name, dtype, shape, byteLength }, index): TensorEntry => {
      const isKept = isSafeTensorsType(dtype);
      const size = isKept ? byteLength : 2 * elementCount(shape);
      // Read one by one while writing: a file larger than memory can be saved.
      const read = () => new Uint8Array(readTensor(this.#handle, index, isKept ? "raw" : "tensor").bytes, 0, size);
      return { name, dtype: isKept ? dtype : "F16", shape, byteLength: size, read };
    });
    await writeSafeTensors(path, entries, encodeMetadata(this.metadata.userDefined));
  }

  dispose(): void {
    this.#handle.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Weights ${this.path} (${this.metadata.format}, ${this.tensors.length} tensors)`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #indexOf(name: string): number {
    const index = this.#indices.get(name);
    if (index !== undefined) return index;
    throw new NotFoundError(`${this.path}: there is no tensor ${describe(name)}${nearNames(name, this.tensorNames)}`);
  }
}

/** Names that the caller may have meant: those that end or begin alike. */
function nearNames(name: unknown, names: readonly string[]): string {
  if (typeof name !== "string" || names.length === 0) return "";
  const near = names.filter((other) => name !== "" && (other.includes(name) || name.includes(other)));
  const shown = (near.length > 0 ? near : names).slice(0, 3).join(", ");
  return `; there are ${names.length}: ${shown}${names.length > 3 ? ", …" : ""}`;
}

/** @internal Opens what `isWeightsFile` has recognised. */
export async function openWeights(path: string): Promise<Weights> {
  const handle = await openWeightsHandle(path);
  return new Weights(path, handle, describeWeights(handle));
}
