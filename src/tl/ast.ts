import type { Span } from "./source.ts";

export type BinaryOperator = "+" | "-" | "*" | "/" | "@";

export interface Argument {
  /** Of `name: value`. */
  readonly name: string | undefined;
  readonly value: Expression;
}

export type Expression = Span &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "string"; readonly value: string }
    | { readonly kind: "boolean"; readonly value: boolean }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "list"; readonly items: readonly Expression[] }
    | { readonly kind: "tensor"; readonly items: Expression }
    | { readonly kind: "negate"; readonly operand: Expression }
    | {
        readonly kind: "binary";
        readonly operator: BinaryOperator;
        /** Where the operator stands. */
        readonly at: Span;
        readonly left: Expression;
        readonly right: Expression;
      }
    | { readonly kind: "member"; readonly object: Expression; readonly name: string; readonly at: Span }
    | { readonly kind: "call"; readonly callee: Expression; readonly args: readonly Argument[] }
  );

/** `float16[N, 3]`: a name is bound at the call, a number has to be that size. */
export interface TensorType extends Span {
  readonly dimensions: readonly (string | number)[];
}

export interface Parameter extends Span {
  readonly name: string;
  /** Without a type any value is taken. */
  readonly type: TensorType | undefined;
}

export interface FunctionDeclaration extends Span {
  readonly kind: "function";
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly result: TensorType | undefined;
  readonly body: readonly Statement[];
}

export type Statement = Span &
  (
    | FunctionDeclaration
    | { readonly kind: "assign"; readonly name: string; readonly value: Expression }
    | { readonly kind: "return"; readonly value: Expression | undefined }
    | { readonly kind: "expression"; readonly value: Expression }
  );
