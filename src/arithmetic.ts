import { ArgumentError } from "./errors.ts";
import { runElementwise, runMatmul, type Operation } from "./native/arithmetic.ts";
import { denseStrides, elementCount, formatShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

type Half = Tensor<"float16">;

/** The kernels take this many axes. */
const maxRank = 8;

/** `a operation b`, element by element; axes of size 1, and missing ones in front, are repeated as in numpy. */
export function elementwise(operation: Exclude<Operation, "negate">, a: Half, b: Half): Half {
  const shape = broadcastShape(a.shape, b.shape);
  checkRank(shape);
  const target = Tensor.zeros(shape);
  if (target.elementCount === 0) return target;
  // The kernels want an axis.
  const axes = shape.length === 0 ? [1] : shape;
  const operand = (tensor: Half) => ({ memory: tensor.data, strides: stridesFor(tensor, axes) });
  runElementwise(operation, "float16", [operand(a), operand(b)], target.data, axes);
  return target;
}

/** Every element with the other sign. */
export function negate(a: Half): Half {
  checkRank(a.shape);
  const target = Tensor.zeros(a.shape);
  if (target.elementCount === 0) return target;
  const axes = a.shape.length === 0 ? [1] : a.shape;
  runElementwise("negate", "float16", [{ memory: a.data, strides: stridesFor(a, axes) }], target.data, axes);
  return target;
}

/** Matrix products over the last two axes, sums in f32; axes in front of them are repeated. A vector is a row on the left, a column on the right. */
export function matmul(a: Half, b: Half): Half {
  if (a.shape.length === 0 || b.shape.length === 0)
    throw new ArgumentError(
      `@ of ${formatShape(a.shape)} and ${formatShape(b.shape)}: matrices have at least one axis`,
    );
  const left = a.shape.length === 1 ? dense(a).reshape([1, a.shape[0]!]) : dense(a);
  const right = b.shape.length === 1 ? dense(b).reshape([b.shape[0]!, 1]) : dense(b);
  const [m, k] = left.shape.slice(-2) as [number, number];
  const [rows, n] = right.shape.slice(-2) as [number, number];
  if (k !== rows) {
    throw new ArgumentError(
      `@ of ${formatShape(a.shape)} and ${formatShape(b.shape)}: the inner sizes ${k} and ${rows} have to be equal`,
    );
  }
  const [leftBatch, rightBatch] = [left.shape.slice(0, -2), right.shape.slice(0, -2)];
  const batch = broadcastShape(leftBatch, rightBatch);
  const target = Tensor.zeros([...batch, m, n]);
  if (target.elementCount > 0) {
    const aOffsets = batchOffsets(leftBatch, batch, m * k);
    const bOffsets = batchOffsets(rightBatch, batch, k * n);
    runMatmul("float16", left.data, right.data, target.data, { m, n, k, aOffsets, bOffsets });
  }
  const rowsKept = a.shape.length === 1 ? [] : [m];
  const columnsKept = b.shape.length === 1 ? [] : [n];
  return target.reshape([...batch, ...rowsKept, ...columnsKept]);
}

function dense(tensor: Half): Half {
  return tensor.isDense ? tensor : tensor.copy();
}

/** The common shape of two operands; ArgumentError names the axis on which they differ. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [x, y] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new ArgumentError(
      `shapes ${formatShape(a)} and ${formatShape(b)} do not go together: sizes ${x} and ${y}, ${rank - axis} from the right`,
    );
  });
}

function checkRank(shape: readonly number[]): void {
  if (shape.length > maxRank)
    throw new ArgumentError(
      `shape ${formatShape(shape)} has ${shape.length} axes, arithmetic takes at most ${maxRank}`,
    );
}

/** Strides along the axes of the result; 0 where the tensor is repeated. */
function stridesFor({ shape, strides }: Half, target: readonly number[]): number[] {
  return target.map((size, axis) => {
    const own = axis - target.length + shape.length;
    return own < 0 || (shape[own] === 1 && size !== 1) ? 0 : strides[own]!;
  });
}

/** Where the matrix of each entry of the batch begins. */
function batchOffsets(own: readonly number[], batch: readonly number[], matrixElements: number): number[] {
  const steps = denseStrides(own);
  const strides = batch.map((size, axis) => {
    const at = axis - batch.length + own.length;
    return at < 0 || (own[at] === 1 && size !== 1) ? 0 : steps[at]! * matrixElements;
  });
  const rowStrides = denseStrides(batch);
  return Array.from({ length: elementCount(batch) }, (_, entry) =>
    strides.reduce(
      (offset, stride, axis) => offset + (Math.floor(entry / rowStrides[axis]!) % batch[axis]!) * stride,
      0,
    ),
  );
}
