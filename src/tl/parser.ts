import type { FunctionDeclaration, Parameter, Statement, TensorType } from "./ast.ts";
import { ExpressionParser } from "./expression-parser.ts";
import { tokenize } from "./lexer.ts";
import type { Source } from "./source.ts";

/** Parses a script; ScriptError at the first thing that is not understood. */
export function parse(source: Source): Statement[] {
  return new Parser(source, tokenize(source)).script();
}

class Parser extends ExpressionParser {
  #isInFunction = false;

  script(): Statement[] {
    return this.#statements("end");
  }

  /** Statements up to the closing symbol, one a line. */
  #statements(closing: "end" | "}"): Statement[] {
    const statements: Statement[] = [];
    const isClosed = () => (closing === "end" ? this.seesEnd() : this.sees("}"));
    for (;;) {
      while (this.seesNewline()) this.advance();
      if (isClosed()) return statements;
      if (this.seesEnd()) throw this.expected("}");
      statements.push(this.#statement());
      if (!isClosed() && !this.seesNewline() && !this.seesEnd()) throw this.expected("the end of the line");
    }
  }

  #statement(): Statement {
    const { start } = this.current;
    if (this.seesWord("fn")) return this.#function();
    if (this.seesWord("return")) {
      if (!this.#isInFunction) throw this.failure(this.current, "return outside of a function");
      this.advance();
      const isBare = this.seesNewline() || this.seesEnd() || this.sees("}");
      const value = isBare ? undefined : this.expression();
      return { kind: "return", value, start, end: this.previousEnd };
    }
    if (this.seesWord("let")) {
      this.advance();
      const name = this.takeName("a variable's name");
      this.take("=");
      return this.#assignment(name.text, start);
    }
    if (this.current.kind === "name" && this.next.kind === "symbol" && this.next.text === "=") {
      const name = this.takeName("a variable's name");
      this.take("=");
      return this.#assignment(name.text, start);
    }
    const value = this.expression();
    return { kind: "expression", value, start, end: this.previousEnd };
  }

  #assignment(name: string, start: number): Statement {
    const value = this.expression();
    return { kind: "assign", name, value, start, end: this.previousEnd };
  }

  #function(): FunctionDeclaration {
    const { start } = this.current;
    if (this.#isInFunction) throw this.failure(this.current, "a function inside a function");
    this.advance();
    const name = this.takeName("the function's name");
    this.take("(");
    const parameters = this.listed(")", () => this.#parameter());
    const repeated = parameters.find(({ name }, i) => parameters.findIndex((other) => other.name === name) < i);
    if (repeated) throw this.failure(repeated, `the parameter ${repeated.name} is there twice`);
    const result = this.skip("->") ? this.#type() : undefined;
    this.take("{");
    this.#isInFunction = true;
    const body = this.#statements("}");
    this.#isInFunction = false;
    this.take("}");
    return { kind: "function", name: name.text, parameters, result, body, start, end: name.end };
  }

  #parameter(): Parameter {
    const name = this.takeName("a parameter's name");
    const type = this.skip(":") ? this.#type() : undefined;
    return { name: name.text, type, start: name.start, end: name.end };
  }

  #type(): TensorType {
    const { start } = this.current;
    this.takeFloat16();
    this.take("[");
    const dimensions = this.listed("]", () => this.#dimension());
    return { dimensions, start, end: this.previousEnd };
  }

  #dimension(): string | number {
    if (this.current.kind !== "number") return this.takeName("a dimension: a name or a number").text;
    const size = Number(this.current.text);
    if (!Number.isSafeInteger(size)) throw this.failure(this.current, "a dimension is a whole number");
    this.advance();
    return size;
  }
}
