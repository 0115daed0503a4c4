import { elementwise, matmul, negate } from "../arithmetic.ts";
import { ArgumentError } from "../errors.ts";
import { Tensor } from "../tensor.ts";
import type { BinaryOperator } from "./ast.ts";
import { describeValue, RecordValue, type Value } from "./values.ts";

type Half = Tensor<"float16">;

const names = { "+": "add", "-": "subtract", "*": "multiply", "/": "divide" } as const;

const scalars: Readonly<Record<keyof typeof names, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
};

/** `left operator right` in f16: numbers give a number, a tensor on either side gives a tensor. */
export function applyBinary(operator: BinaryOperator, left: Value, right: Value): Value {
  const [a, b] = [toOperand(left, operator), toOperand(right, operator)];
  if (operator === "@") {
    if (typeof a === "number" || typeof b === "number")
      throw new ArgumentError(`@ multiplies matrices, found ${describeValue(typeof a === "number" ? a : b)}; * scales`);
    return matmul(a, b);
  }
  // As the kernels have it: an f32 result, rounded to f16.
  if (typeof a === "number" && typeof b === "number")
    return Math.f16round(Math.fround(scalars[operator](Math.f16round(a), Math.f16round(b))));
  return elementwise(names[operator], toTensor(a), toTensor(b));
}

export function applyNegate(value: Value): Value {
  const operand = toOperand(value, "-");
  return typeof operand === "number" ? -operand : negate(operand);
}

function toTensor(operand: number | Half): Half {
  return typeof operand === "number" ? Tensor.from([operand], []) : operand;
}

function toOperand(value: Value, operator: string): number | Half {
  if (typeof value === "number") return value;
  return toHalf(value, `${operator} takes numbers and tensors`);
}

/** The f16 tensor that a value is: of a prediction with one output, that output. Other floats are rounded; integers are refused. */
export function toHalf(value: Value, rule: string): Half {
  const only = onlyValue(value);
  if (!(only instanceof Tensor)) throw new ArgumentError(`${rule}, found ${describeValue(only)}`);
  if (only.dtype === "float16") return only as Half;
  if (only.dtype.startsWith("float")) return only.to("float16");
  throw new ArgumentError(`${rule} of floating point, found ${describeValue(only)}`);
}

/** A record of one value stands for it. */
export function onlyValue(value: Value): Value {
  if (!(value instanceof RecordValue) || value.entries.size !== 1) return value;
  return [...value.entries.values()][0];
}

/** The tensor of a literal: nested lists of numbers, all rows of the same length. */
export function tensorLiteral(value: Value): Half {
  const numbers: number[] = [];
  const shape = collect(value, numbers);
  return Tensor.from(numbers, shape);
}

function collect(value: Value, numbers: number[]): number[] {
  if (typeof value === "number") {
    numbers.push(value);
    return [];
  }
  if (!Array.isArray(value)) throw new ArgumentError(`a tensor is made of numbers, found ${describeValue(value)}`);
  const shapes = value.map((item: Value) => collect(item, numbers));
  const [first = []] = shapes;
  const other = shapes.find(
    (shape) => shape.length !== first.length || shape.some((size, axis) => size !== first[axis]),
  );
  if (other)
    throw new ArgumentError(`a tensor's rows are of one shape, found [${first.join(", ")}] and [${other.join(", ")}]`);
  return [value.length, ...first];
}
