import { checkDType, dtypeOf, dtypes, type DType, type TypedArray, type TypedArrays } from "./dtype.ts";
import { ArgumentError, DisposedError, MemoryError } from "./errors.ts";
import { flattenNumbers, nestNumbers, type NestedNumbers } from "./nested.ts";
import { SharedBuffer } from "./native/buffer.ts";
import { argmaxElements, convertElements, copyElements, softmaxRows, topKElements } from "./native/tensor.ts";
import {
  checkShape,
  denseStrides,
  describe,
  elementCount,
  formatShape,
  isDense,
  isSameShape,
  spanOf,
} from "./shape.ts";

/** What `Tensor.from` takes: a typed array, 64-bit integers, or (nested) numbers. */
export type TensorSource = TypedArray | Uint8ClampedArray | BigInt64Array | BigUint64Array | NestedNumbers;

export interface TopEntry {
  index: number;
  value: number;
}

/**
 * An n-dimensional array in memory that JavaScript and the model share. Everything is float16 unless told otherwise.
 *
 * ```ts
 * const x = Tensor.zeros([1, 3, 224, 224]);
 * x.data[0] = 0.5; // a Float16Array over the memory that the model reads
 * const t = Tensor.from([[1, 2, 3], [4, 5, 6]]);
 * t.shape; // [2, 3]
 * t.dtype; // "float16"
 * t.argmax(); // 5
 * ```
 */
export class Tensor<D extends DType = DType> {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly dtype: D;
  /** Bytes from the start of the buffer to the first element. */
  readonly byteOffset: number;
  readonly #buffer: SharedBuffer;
  readonly #data: TypedArrays[D];

  private constructor(
    dtype: D,
    shape: readonly number[],
    strides: readonly number[],
    buffer: SharedBuffer,
    byteOffset: number,
  ) {
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.strides = Object.freeze([...strides]);
    this.byteOffset = byteOffset;
    this.#buffer = buffer;
    // One view per tensor: making one per access costs 0.1 µs (64 B) to 25 µs (2 MiB).
    this.#data = new dtypes[dtype].array(
      buffer.bytes,
      buffer.byteOffset + byteOffset,
      spanOf(shape, strides),
    ) as TypedArrays[D];
  }

  /** A tensor of zeros in page-aligned native memory. */
  static zeros<D extends DType = "float16">(shape: readonly number[], dtype: D = "float16" as D): Tensor<D> {
    const { byteLength } = dtypes[checkDType(dtype)];
    const size = checkShape(shape);
    return new Tensor(dtype, size, denseStrides(size), SharedBuffer.allocate(elementCount(size) * byteLength), 0);
  }

  /**
   * A tensor in native memory with a converted copy of `data`; float16 unless `dtype` says otherwise (floats to nearest even, integers towards zero and saturated).
   * Nested arrays bring their shape along; flat data without a shape becomes one axis.
   */
  static from<D extends DType = "float16">(
    data: TensorSource,
    shape?: readonly number[],
    dtype: D = "float16" as D,
  ): Tensor<D> {
    checkDType(dtype);
    const { flat, shape: ownShape } = toFlat(data);
    const size = shape === undefined ? ownShape : checkShape(shape);
    if (elementCount(size) !== flat.length) {
      throw new ArgumentError(
        `data has ${flat.length} elements, shape ${formatShape(size)} needs ${elementCount(size)}`,
      );
    }
    const tensor = Tensor.zeros(size, dtype);
    const source = dtypeOf(flat)!;
    if (source === dtype) (tensor.data as Float64Array).set(flat as Float64Array);
    else convertElements(flat, source, tensor.data, dtype, flat.length);
    return tensor;
  }

  /**
   * A tensor over JavaScript memory, without a copy. The element type is the array's; pass `dtype: "bool"` for bytes that are booleans and
   * `strides` (in elements) for data that is not in row-major order. The array must not be transferred while the tensor is in use.
   */
  static view<D extends DType = DType>(
    data: TypedArray,
    shape: readonly number[] = [data?.length],
    options: { dtype?: D; strides?: readonly number[] } = {},
  ): Tensor<D> {
    const own = dtypeOf(data);
    if (!own)
      throw new ArgumentError(
        `data is ${describe(data)}, expected a typed array of up to 64-bit floats or 32-bit integers`,
      );
    const dtype = options.dtype === undefined ? own : checkDType(options.dtype);
    if (dtype !== own && !(dtype === "bool" && own === "uint8")) {
      throw new ArgumentError(
        `a ${data.constructor.name} holds ${own}, it cannot be viewed as ${dtype}; Tensor.from(data, shape, "${dtype}") converts`,
      );
    }
    const buffer = SharedBuffer.view(data);
    const size = checkShape(shape);
    const strides = options.strides === undefined ? denseStrides(size) : checkShape(options.strides, "strides");
    if (strides.length !== size.length) {
      throw new ArgumentError(`strides ${formatShape(strides)} do not fit shape ${formatShape(size)}: one per axis`);
    }
    const needed = spanOf(size, strides);
    if (options.strides === undefined ? needed !== data.length : needed > data.length) {
      throw new ArgumentError(`data has ${data.length} elements, shape ${formatShape(size)} needs ${needed}`);
    }
    return new Tensor(dtype as D, size, strides, buffer, 0);
  }

  /** @internal A tensor over memory that the library has made. */
  static adopt<D extends DType>(
    dtype: D,
    shape: readonly number[],
    strides: readonly number[],
    buffer: SharedBuffer,
  ): Tensor<D> {
    return new Tensor(dtype, shape, strides, buffer, 0);
  }

  /** The elements in memory order: row-major, except for tensors with other `strides`. The same array at every access. */
  get data(): TypedArrays[D] {
    this.#checkAlive();
    return this.#data;
  }

  /** True after `dispose`, or when the JavaScript memory under a view was taken away. */
  get isReleased(): boolean {
    return this.#buffer.isReleased;
  }

  get elementCount(): number {
    return elementCount(this.shape);
  }

  get byteLength(): number {
    return this.elementCount * dtypes[this.dtype].byteLength;
  }

  /** True when the elements lie in row-major order without gaps. */
  get isDense(): boolean {
    return isDense(this.shape, this.strides);
  }

  /** The memory, for binding. @internal */
  get buffer(): SharedBuffer {
    this.#checkAlive();
    return this.#buffer;
  }

  /** The element at one index per axis; negative indices count from the end. */
  at(...index: number[]): number {
    if (index.length !== this.shape.length) {
      throw new ArgumentError(
        `at(${index.join(", ")}) has ${index.length} indices, shape ${formatShape(this.shape)} has ${this.shape.length} axes`,
      );
    }
    let offset = 0;
    for (const [axis, size] of this.shape.entries()) {
      const i = index[axis]!;
      if (!Number.isInteger(i) || i < -size || i >= size) {
        throw new ArgumentError(`index ${describe(i)} is outside axis ${axis} of size ${size}`);
      }
      offset += (i < 0 ? i + size : i) * this.strides[axis]!;
    }
    return this.data[offset]!;
  }

  /** The same memory with another shape (dense tensors only); one axis may be -1. */
  reshape(shape: readonly number[]): Tensor<D> {
    const known = shape.filter((size) => size !== -1);
    const free = this.elementCount / elementCount(checkShape(known));
    const size = checkShape(
      known.length === shape.length - 1 ? shape.map((axis) => (axis === -1 ? free : axis)) : shape,
    );
    if (elementCount(size) !== this.elementCount) {
      throw new ArgumentError(
        `shape ${formatShape(this.shape)} cannot become ${formatShape(shape)}: ${this.elementCount} elements`,
      );
    }
    if (!this.isDense)
      throw new ArgumentError(
        `a tensor with strides ${formatShape(this.strides)} cannot be reshaped in place; copy() it first`,
      );
    return new Tensor(this.dtype, size, denseStrides(size), this.buffer, this.byteOffset);
  }

  /** A dense copy in native memory. */
  copy(): Tensor<D> {
    const copy = Tensor.zeros(this.shape, this.dtype);
    copyElements(this.data, this.strides, copy.data, copy.strides, this.dtype, this.shape);
    return copy;
  }

  /** A dense copy with another element type (floats to nearest even, integers towards zero and saturated). */
  to<E extends DType>(dtype: E): Tensor<E> {
    const target = Tensor.zeros(this.shape, dtype);
    const source = this.#dense();
    convertElements(source.data, this.dtype, target.data, dtype, this.elementCount);
    return target;
  }

  /** The elements in row-major order as float32. */
  toFloat32(): Float32Array<ArrayBuffer> {
    return this.#convertInto(new Float32Array(this.elementCount), "float32");
  }

  /** The elements in row-major order as float64. */
  toFloat64(): Float64Array<ArrayBuffer> {
    return this.#convertInto(new Float64Array(this.elementCount), "float64");
  }

  /** Nested arrays of numbers; a plain number for a scalar. */
  toArray(): NestedNumbers {
    return nestNumbers(this.toFloat64(), this.shape);
  }

  /** Index (in row-major order) of the largest element, the first of equals; NaN counts as largest. */
  argmax(): number {
    this.#checkNotEmpty("argmax");
    return argmaxElements(this.#dense().data, this.dtype, this.elementCount);
  }

  /** The `count` largest elements, largest first; fewer if the tensor is smaller. */
  topK(count: number): TopEntry[] {
    if (!Number.isInteger(count) || count < 1)
      throw new ArgumentError(`topK(${describe(count)}): expected a positive integer`);
    this.#checkNotEmpty("topK");
    const { indices, values } = topKElements(
      this.#dense().data,
      this.dtype,
      this.elementCount,
      Math.min(count, this.elementCount),
    );
    return Array.from(indices, (index, i) => ({ index, value: values[i]! }));
  }

  /** Softmax over the last axis as a new tensor; float16 and float32 keep their type, others become float32. */
  softmax(): Tensor {
    if (this.dtype !== "float16" && this.dtype !== "float32") return this.to("float32").softmax();
    const target: Tensor = Tensor.zeros(this.shape, this.dtype);
    const columns = this.shape.at(-1) ?? 1;
    softmaxRows(this.#dense().data, target.data, this.dtype, columns === 0 ? 0 : this.elementCount / columns, columns);
    return target;
  }

  /** True when shape, type and every element are equal (NaN equals NaN). */
  equals(other: Tensor): boolean {
    if (this.dtype !== other.dtype || !isSameShape(this.shape, other.shape)) return false;
    const [a, b] = [this.toFloat64(), other.toFloat64()];
    return a.every((value, i) => value === b[i] || (Number.isNaN(value) && Number.isNaN(b[i])));
  }

  /** Gives native memory back at once; `data` gets length 0. Without it the memory goes when nothing refers to it any more. */
  dispose(): void {
    this.#buffer.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor ${this.dtype} ${formatShape(this.shape)}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #dense(): Tensor<D> {
    return this.isDense ? this : this.copy();
  }

  #convertInto<A extends Float32Array | Float64Array>(target: A, dtype: DType): A {
    const source = this.#dense();
    convertElements(source.data, this.dtype, target, dtype, this.elementCount);
    return target;
  }

  #checkNotEmpty(operation: string): void {
    if (this.elementCount === 0)
      throw new ArgumentError(`${operation} of an empty tensor (shape ${formatShape(this.shape)})`);
  }

  #checkAlive(): void {
    if (!this.#buffer.isReleased) return;
    if (this.#buffer.handle !== 0) throw new DisposedError(`${this.toString()} was disposed`);
    throw new MemoryError(
      `the ArrayBuffer under ${this.toString()} is detached (transferred or structured-cloned away)`,
    );
  }
}

function toFlat(data: TensorSource): { flat: TypedArray; shape: number[] } {
  if (ArrayBuffer.isView(data)) {
    if ((data.buffer as ArrayBuffer).detached)
      throw new MemoryError("data: its ArrayBuffer is detached (transferred or structured-cloned away)");
    if (dtypeOf(data)) return { flat: data as TypedArray, shape: [data.length] };
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      return { flat: Float64Array.from(data as Iterable<bigint>, Number), shape: [data.length] };
    }
  } else if (Array.isArray(data) || typeof data === "number" || typeof data === "bigint" || typeof data === "boolean") {
    const { data: flat, shape } = flattenNumbers(data);
    return { flat, shape };
  }
  throw new ArgumentError(`data is ${describe(data)}, expected a typed array or (nested) numbers`);
}
