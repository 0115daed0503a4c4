import type { RawGraphOperation, RawOperand, RawValue } from "../native/diagnostics.ts";
import type { Feature } from "../schema.ts";

/** What rules look at. */
export interface Subject {
  readonly kind: string;
  readonly specificationVersion: number;
  readonly inputs: readonly Feature[];
  readonly outputs: readonly Feature[];
  readonly graph: Graph;
}

/** Operations of one function in the file's order, those of inner blocks among them; constants are not operations here. */
export class Graph {
  readonly operations: readonly Operation[];

  constructor(raw: readonly RawGraphOperation[]) {
    this.operations = raw.map((operation) => new Operation(operation));
  }

  ofType(...types: readonly string[]): Operation[] {
    return this.operations.filter(({ type }) => types.includes(type));
  }

  /** Operations whose results no other operation reads. */
  finals(): Operation[] {
    const read = new Set(this.operations.flatMap(({ operands }) => operands.map(({ name }) => name)));
    return this.operations.filter(({ outputs }) => outputs.every(({ name }) => !read.has(name)));
  }
}

export class Operation {
  readonly type: string;
  readonly name: string;
  readonly outputs: readonly RawValue[];
  /** Inside a loop or a branch. */
  readonly isInBlock: boolean;
  readonly #inputs: ReadonlyMap<string, readonly RawOperand[]>;

  constructor({ type, name, block, inputs, outputs }: RawGraphOperation) {
    this.type = type;
    this.name = name;
    this.outputs = outputs;
    this.isInBlock = block > 0;
    this.#inputs = new Map(inputs);
  }

  get operands(): RawOperand[] {
    return [...this.#inputs.values()].flat();
  }

  input(parameter: string): RawOperand | undefined {
    return this.#inputs.get(parameter)?.[0];
  }

  /** A constant parameter's numbers; undefined where it is computed, absent or long. */
  numbers(parameter: string): number[] | undefined {
    const value = this.input(parameter)?.value;
    if (value === undefined) return undefined;
    const values = Array.isArray(value) ? value : [value];
    return values.every((item) => typeof item === "number") ? values : undefined;
  }

  get shape(): readonly (number | null)[] {
    return this.outputs[0]?.shape ?? [];
  }

  get dtype(): string {
    return this.outputs[0]?.dtype ?? "";
  }

  get isFloat(): boolean {
    return this.dtype.startsWith("fp") || this.dtype === "bf16";
  }

  /** Elements of the first output; undefined where a size is unknown. */
  get elementCount(): number | undefined {
    return countOf(this.shape);
  }

  /** Weights that are decompressed at load are no work of a run. */
  get isConstant(): boolean {
    return this.type.startsWith("constexpr_");
  }
}

export function countOf(shape: readonly (number | null)[] | undefined): number | undefined {
  let count = 1;
  for (const size of shape ?? []) {
    if (size === null) return undefined;
    count *= size;
  }
  return count;
}

/** Operation names of coremltools: a conversion to f16 appends to them. */
export function sourceName(name: string): string {
  return name.replace(/_cast_fp16$/, "");
}

export function namesOf(operations: readonly Operation[]): string[] {
  return operations.map(({ name }) => name);
}

/** `3 operations`, `1 operation`; with a verb `3 operations are`, `1 operation is`. */
export function counted(count: number, word: string, [one, many] = ["", ""]): string {
  const verb = count === 1 ? one : many;
  return `${count} ${word}${count === 1 ? "" : "s"}${verb ? ` ${verb}` : ""}`;
}

/** `conv ×12, mul ×2`, most frequent first. */
export function tally(operations: readonly { type: string }[]): string {
  const counts = new Map<string, number>();
  for (const { type } of operations) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([type, count]) => (count === 1 ? type : `${type} ×${count}`))
    .join(", ");
}
