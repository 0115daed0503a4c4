import { Image } from "../image.ts";
import type { Model } from "../model.ts";
import { Tensor } from "../tensor.ts";
import type { Weights } from "../weights.ts";
import type { FunctionDeclaration } from "./ast.ts";

/** Named values: metadata, or the outputs of a prediction. */
export class RecordValue {
  constructor(readonly entries: ReadonlyMap<string, Value>) {}
}

/** A function that the script has declared. */
export class FunctionValue {
  constructor(readonly declaration: FunctionDeclaration) {}
}

/** A function of the language itself. */
export class BuiltinValue {
  constructor(
    readonly name: string,
    readonly call: (args: CallArguments) => Value | Promise<Value>,
  ) {}
}

export interface CallArguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

export type Value =
  | undefined
  | number
  | string
  | boolean
  | readonly Value[]
  | Tensor
  | Image
  | Model
  | Weights
  | RecordValue
  | FunctionValue
  | BuiltinValue;

/** What kind of value this is, for messages. */
export function describeValue(value: Value): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return `the text ${JSON.stringify(value)}`;
  if (typeof value === "number") return `the number ${formatNumber(value)}`;
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "a list";
  if (value instanceof Tensor) return `a ${value.dtype} tensor of shape [${value.shape.join(", ")}]`;
  if (value instanceof Image) return "an image";
  if (value instanceof RecordValue) return `a record of ${[...value.entries.keys()].join(", ")}`;
  if (value instanceof FunctionValue) return `the function ${value.declaration.name}`;
  if (value instanceof BuiltinValue) return `the function ${value.name}`;
  return "a model";
}

/** How many elements of a tensor `print` shows. */
const shownElements = 8;

/** A value as `print` writes it. */
export function formatValue(value: Value, isInside = false): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return isInside ? JSON.stringify(value) : value;
  if (typeof value === "number") return formatNumber(value);
  if (Array.isArray(value)) return `[${value.map((item) => formatValue(item, true)).join(", ")}]`;
  if (value instanceof Tensor) return formatTensor(value);
  if (value instanceof RecordValue) {
    const members = [...value.entries].map(([name, item]) => `${name}: ${formatValue(item, true)}`);
    return `{${members.join(", ")}}`;
  }
  if (value instanceof FunctionValue) return `fn ${value.declaration.name}`;
  if (value instanceof BuiltinValue) return `fn ${value.name}`;
  return String(value);
}

function formatTensor(tensor: Tensor): string {
  const flat = tensor.isDense ? tensor : tensor.copy();
  const first = Array.from(flat.data.subarray(0, shownElements) as ArrayLike<number>, formatNumber);
  if (flat.elementCount > shownElements) first.push("…");
  return `tensor ${tensor.dtype} [${tensor.shape.join(", ")}] [${first.join(", ")}]`;
}

/** The shortest digits that are the same f16; numbers that are no f16 (literals) in full. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (Object.is(value, -0)) return "-0";
  if (Number.isInteger(value) || Math.f16round(value) !== value) return String(value);
  let digits = 1;
  while (Math.f16round(Number(value.toPrecision(digits))) !== value) digits++;
  return String(Number(value.toPrecision(digits)));
}
