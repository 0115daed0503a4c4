import type { Argument, BinaryOperator, Expression } from "./ast.ts";
import type { Token } from "./lexer.ts";
import { ScriptError, type Source, type Span } from "./source.ts";

/** Deeper nesting than anybody writes; bounds the parser's and the interpreter's stack. */
const maxDepth = 200;

const words = new Set(["let", "fn", "return", "true", "false"]);

/** Tokens and expressions. `@`, `*` and `/` bind tighter than `+` and `-`, a sign tighter than both. */
export class ExpressionParser {
  readonly #source: Source;
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;

  constructor(source: Source, tokens: readonly Token[]) {
    this.#source = source;
    this.#tokens = tokens;
  }

  protected get current(): Token {
    return this.#tokens[this.#position]!;
  }

  protected get next(): Token {
    return this.#tokens[this.#position + 1] ?? this.current;
  }

  protected get previousEnd(): number {
    return this.#tokens[this.#position - 1]?.end ?? 0;
  }

  protected advance(): Token {
    const token = this.current;
    if (token.kind !== "end") this.#position++;
    return token;
  }

  protected sees(symbol: string): boolean {
    return this.current.kind === "symbol" && this.current.text === symbol;
  }

  protected seesWord(word: string): boolean {
    return this.current.kind === "name" && this.current.text === word;
  }

  protected seesEnd(): boolean {
    return this.current.kind === "end";
  }

  protected seesNewline(): boolean {
    return this.current.kind === "newline";
  }

  protected skip(symbol: string): boolean {
    if (!this.sees(symbol)) return false;
    this.advance();
    return true;
  }

  protected take(symbol: string): Token {
    if (!this.sees(symbol)) throw this.expected(symbol);
    return this.advance();
  }

  protected takeName(what: string): Token {
    if (this.current.kind !== "name" || words.has(this.current.text)) throw this.expected(what);
    return this.advance();
  }

  /** The only element type of the language. */
  protected takeFloat16(): void {
    const token = this.takeName("float16");
    if (token.text !== "float16")
      throw this.failure(token, `the element type ${token.text} is not supported, expected float16`);
  }

  /** Items with commas between them up to the closing symbol, which is taken; a comma may stand at the end. */
  protected listed<T>(closing: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.sees(closing)) {
      items.push(item());
      if (!this.skip(",") && !this.sees(closing)) throw this.expected(`, or ${closing}`);
    }
    this.take(closing);
    return items;
  }

  protected failure(span: Span, message: string): ScriptError {
    return new ScriptError(this.#source, span, message);
  }

  protected expected(what: string): ScriptError {
    const { kind, text } = this.current;
    const found = kind === "end" ? "the end of the file" : kind === "newline" ? "the end of the line" : text;
    return this.failure(this.current, `expected ${what}, found ${kind === "string" ? JSON.stringify(text) : found}`);
  }

  protected expression(): Expression {
    return this.#nested(() => this.#binary(["+", "-"], () => this.#binary(["*", "/", "@"], () => this.#unary())));
  }

  #nested<T>(parse: () => T): T {
    if (this.#depth >= maxDepth) throw this.failure(this.current, `expressions nested more than ${maxDepth} deep`);
    this.#depth++;
    const result = parse();
    this.#depth--;
    return result;
  }

  #binary(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (let length = 0; ; length++) {
      const operator = operators.find((symbol) => this.sees(symbol));
      if (!operator) return left;
      // A chain is a tree as deep as it is long.
      if (length >= maxDepth * 5) throw this.failure(this.current, `more than ${maxDepth * 5} operators in a row`);
      const { start, end } = this.advance();
      const right = operand();
      left = { kind: "binary", operator, at: { start, end }, left, right, start: left.start, end: right.end };
    }
  }

  #unary(): Expression {
    const { start } = this.current;
    if (!this.skip("-")) return this.#postfix();
    const operand = this.#nested(() => this.#unary());
    return { kind: "negate", operand, start, end: operand.end };
  }

  #postfix(): Expression {
    let value = this.#primary();
    for (let length = 0; ; length++) {
      if (length >= maxDepth) throw this.failure(this.current, `more than ${maxDepth} members or calls in a row`);
      if (this.skip(".")) {
        const { text, start, end } = this.takeName("a member's name");
        value = { kind: "member", object: value, name: text, at: { start, end }, start: value.start, end };
      } else if (this.skip("(")) {
        const args = this.listed(")", () => this.#argument());
        value = { kind: "call", callee: value, args, start: value.start, end: this.previousEnd };
      } else return value;
    }
  }

  #argument(): Argument {
    if (this.current.kind !== "name" || this.next.kind !== "symbol" || this.next.text !== ":")
      return { name: undefined, value: this.expression() };
    const name = this.takeName("an argument's name").text;
    this.take(":");
    return { name, value: this.expression() };
  }

  #primary(): Expression {
    const token = this.current;
    const { start, end } = token;
    if (token.kind === "number") return { kind: "number", value: Number(this.advance().text), start, end };
    if (token.kind === "string") return { kind: "string", value: this.advance().text, start, end };
    if (token.kind === "name") return this.#word();
    if (this.skip("(")) {
      const inner = this.expression();
      this.take(")");
      return { ...inner, start, end: this.previousEnd };
    }
    if (this.skip("[")) {
      const items = this.listed("]", () => this.expression());
      return { kind: "list", items, start, end: this.previousEnd };
    }
    throw this.expected("a value");
  }

  #word(): Expression {
    const { text, start, end } = this.current;
    if (text === "true" || text === "false") {
      this.advance();
      return { kind: "boolean", value: text === "true", start, end };
    }
    if (text === "tensor" && this.next.kind === "symbol" && this.next.text === "<") return this.#tensor();
    return { kind: "name", name: this.takeName("a value").text, start, end };
  }

  /** tensor<float16>([[1.0, 2.0]], device: gpu); the memory is shared by all devices, so the device changes nothing. */
  #tensor(): Expression {
    const { start } = this.advance();
    this.take("<");
    this.takeFloat16();
    this.take(">");
    this.take("(");
    const items = this.expression();
    if (this.skip(",") && !this.sees(")")) {
      const name = this.takeName("device: gpu or device: cpu");
      if (name.text !== "device") throw this.failure(name, `expected device: gpu or device: cpu, found ${name.text}`);
      this.take(":");
      const device = this.takeName("gpu or cpu");
      if (device.text !== "gpu" && device.text !== "cpu")
        throw this.failure(device, `expected gpu or cpu, found ${device.text}`);
      this.skip(",");
    }
    this.take(")");
    return { kind: "tensor", items, start, end: this.previousEnd };
  }
}
