import { ArgumentError } from "../errors.ts";
import { formatShape } from "../shape.ts";
import type { TensorType } from "./ast.ts";

interface Binding {
  size: number;
  /** What has bound it, for messages: `input [2, 3]`. */
  by: string;
}

/** The named dimensions of one call: bound by the first argument that has them, the same in all others. */
export class Dimensions {
  readonly #bound = new Map<string, Binding>();
  readonly #functionName: string;

  constructor(functionName: string) {
    this.#functionName = functionName;
  }

  /** Binds and checks a shape against its declared type; `what` is the parameter, or "the result". */
  check(what: string, type: TensorType, shape: readonly number[]): void {
    const declared = `float16[${type.dimensions.join(", ")}]`;
    const refuse = (why: string) =>
      new ArgumentError(`${this.#functionName}: ${what} is ${formatShape(shape)}, expected ${declared}: ${why}`);
    if (shape.length !== type.dimensions.length)
      throw refuse(`${shape.length} dimensions instead of ${type.dimensions.length}`);
    for (const [axis, dimension] of type.dimensions.entries()) {
      const size = shape[axis]!;
      if (typeof dimension === "number") {
        if (dimension !== size) throw refuse(`dimension ${axis} is ${size}`);
        continue;
      }
      const bound = this.#bound.get(dimension);
      if (bound === undefined) this.#bound.set(dimension, { size, by: `${what} ${formatShape(shape)}` });
      else if (bound.size !== size) throw refuse(`${dimension} is ${size} here and ${bound.size} in ${bound.by}`);
    }
  }
}
