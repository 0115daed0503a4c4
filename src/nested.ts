import { ArgumentError } from "./errors.ts";
import { describe, formatShape } from "./shape.ts";

/** Numbers, or arrays of arrays … of numbers of one length per level. */
export type NestedNumbers = number | bigint | boolean | readonly NestedNumbers[];

/** Nested arrays as one flat array plus their shape; ArgumentError says where a row has another length or something is no number. */
export function flattenNumbers(
  value: NestedNumbers,
  what = "data",
): { data: Float64Array<ArrayBuffer>; shape: number[] } {
  const shape: number[] = [];
  for (let level: NestedNumbers | undefined = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  const data = new Float64Array(shape.reduce((count, size) => count * size, 1));
  let next = 0;
  const visit = (item: NestedNumbers | undefined, axis: number, path: string): void => {
    if (axis < shape.length) {
      if (!Array.isArray(item) || item.length !== shape[axis]) {
        throw new ArgumentError(
          `${what}${path} is ${describe(item)}, expected ${shape[axis]} elements (the first rows have shape ${formatShape(shape)})`,
        );
      }
      for (let i = 0; i < item.length; i++) visit(item[i], axis + 1, `${path}[${i}]`);
      return;
    }
    if (typeof item !== "number" && typeof item !== "bigint" && typeof item !== "boolean") {
      throw new ArgumentError(`${what}${path} is ${describe(item)}, expected a number`);
    }
    data[next++] = Number(item);
  };
  visit(value, 0, "");
  return { data, shape };
}

/** The inverse: a flat array as nested arrays of `shape`. */
export function nestNumbers(data: ArrayLike<number>, shape: readonly number[]): number | NestedNumbers[] {
  if (shape.length === 0) return data[0]!;
  const build = (axis: number, from: number, span: number): NestedNumbers[] => {
    const step = span / (shape[axis]! || 1);
    return Array.from({ length: shape[axis]! }, (_, i) =>
      axis === shape.length - 1 ? data[from + i]! : build(axis + 1, from + i * step, step),
    );
  };
  return build(
    0,
    0,
    shape.reduce((count, size) => count * size, 1),
  );
}
