import { TensorLogicError } from "../errors.ts";
import type { Argument, Expression, FunctionDeclaration, Statement } from "./ast.ts";
import { builtins, type Environment } from "./builtins.ts";
import { Dimensions } from "./dimensions.ts";
import { memberOf } from "./members.ts";
import { applyBinary, applyNegate, tensorLiteral, toHalf } from "./operators.ts";
import { parse } from "./parser.ts";
import { placeOf, ScriptError, type Source, type Span } from "./source.ts";
import { suggestion } from "./suggestion.ts";
import { BuiltinValue, describeValue, FunctionValue, type CallArguments, type Value } from "./values.ts";

/** Calls inside calls; a function that calls itself has no way to stop in this language. */
const maxCallDepth = 100;

type Scope = Map<string, Value>;

/** Runs a script. ScriptError names the line and column of whatever is wrong. */
export async function runScript(source: Source, environment: Environment): Promise<void> {
  const statements = parse(source);
  await new Interpreter(source, environment).run(statements);
}

class Interpreter {
  readonly #source: Source;
  readonly #folder: string;
  readonly #builtins: ReadonlyMap<string, Value>;
  readonly #globals: Scope = new Map();
  #callDepth = 0;

  constructor(source: Source, environment: Environment) {
    this.#source = source;
    this.#folder = environment.folder;
    this.#builtins = builtins(environment);
  }

  async run(statements: readonly Statement[]): Promise<void> {
    // Functions may be called above the place where they stand.
    for (const statement of statements)
      if (statement.kind === "function") this.#globals.set(statement.name, new FunctionValue(statement));
    await this.#execute(statements, this.#globals);
  }

  /** The value of the `return` that ended the statements, in a box of its own; nothing when they ran to their end. */
  async #execute(statements: readonly Statement[], scope: Scope): Promise<{ value: Value } | undefined> {
    for (const statement of statements) {
      switch (statement.kind) {
        case "assign":
          scope.set(statement.name, await this.#evaluate(statement.value, scope));
          break;
        case "expression":
          await this.#evaluate(statement.value, scope);
          break;
        case "return":
          return { value: statement.value && (await this.#evaluate(statement.value, scope)) };
      }
    }
    return undefined;
  }

  async #evaluate(expression: Expression, scope: Scope): Promise<Value> {
    switch (expression.kind) {
      case "number":
      case "string":
      case "boolean":
        return expression.value;
      case "name":
        return this.#lookUp(expression.name, expression, scope);
      case "list":
        return this.#evaluateAll(expression.items, scope);
      case "tensor": {
        const items = await this.#evaluate(expression.items, scope);
        return this.#at(expression.items, () => tensorLiteral(items));
      }
      case "negate": {
        const operand = await this.#evaluate(expression.operand, scope);
        return this.#at(expression, () => applyNegate(operand));
      }
      case "binary": {
        const left = await this.#evaluate(expression.left, scope);
        const right = await this.#evaluate(expression.right, scope);
        return this.#at(expression.at, () => applyBinary(expression.operator, left, right));
      }
      case "member": {
        const object = await this.#evaluate(expression.object, scope);
        return this.#at(expression.at, () => memberOf(object, expression.name, this.#folder));
      }
      case "call":
        return this.#call(expression, scope);
    }
  }

  async #evaluateAll(items: readonly Expression[], scope: Scope): Promise<Value[]> {
    const values: Value[] = [];
    for (const item of items) values.push(await this.#evaluate(item, scope));
    return values;
  }

  #lookUp(name: string, span: Span, scope: Scope): Value {
    for (const place of [scope, this.#globals, this.#builtins]) if (place.has(name)) return place.get(name);
    const names = [scope, this.#globals, this.#builtins].flatMap((place) => [...place.keys()]);
    throw this.#failure(span, `there is no variable ${name}${suggestion(name, names)}`);
  }

  async #call(expression: Expression & { kind: "call" }, scope: Scope): Promise<Value> {
    const callee = await this.#evaluate(expression.callee, scope);
    const values = await this.#evaluateAll(
      expression.args.map(({ value }) => value),
      scope,
    );
    if (callee instanceof FunctionValue) return this.#callFunction(callee.declaration, expression, values);
    if (!(callee instanceof BuiltinValue))
      throw this.#failure(expression.callee, `${describeValue(callee)} is no function and cannot be called`);
    const args = this.#arrange(expression.args, values);
    return this.#at(expression, () => callee.call(args));
  }

  #arrange(args: readonly Argument[], values: readonly Value[]): CallArguments {
    const named = new Map<string, Value>();
    const positional: Value[] = [];
    for (const [i, { name, value }] of args.entries()) {
      if (name === undefined) {
        if (named.size > 0) throw this.#failure(value, "an argument without a name behind one with a name");
        positional.push(values[i]);
      } else {
        if (named.has(name)) throw this.#failure(value, `the argument ${name} is there twice`);
        named.set(name, values[i]);
      }
    }
    return { positional, named };
  }

  async #callFunction(
    declaration: FunctionDeclaration,
    call: Expression & { kind: "call" },
    values: readonly Value[],
  ): Promise<Value> {
    const { name, result, body } = declaration;
    const dimensions = new Dimensions(name);
    const scope = await this.#bind(declaration, call, values, dimensions);
    if (this.#callDepth >= maxCallDepth)
      throw this.#failure(call, `${name}: calls nested more than ${maxCallDepth} deep`);
    this.#callDepth++;
    const returned = await this.#execute(body, scope).catch((error: unknown) => {
      throw this.#withCaller(error, name, call);
    });
    this.#callDepth--;
    const value = returned?.value;
    if (!result) return value;
    return this.#at(call, () => {
      const tensor = toHalf(value, `${name}: the result has to be a tensor`);
      dimensions.check("the result", result, tensor.shape);
      return tensor;
    });
  }

  async #bind(
    { name, parameters }: FunctionDeclaration,
    { args, ...span }: Expression & { kind: "call" },
    values: readonly Value[],
    dimensions: Dimensions,
  ): Promise<Scope> {
    const scope: Scope = new Map();
    for (const [i, argument] of args.entries()) {
      const parameter =
        argument.name === undefined ? parameters[i] : parameters.find((other) => other.name === argument.name);
      if (!parameter) {
        const expected = parameters.length === 0 ? "none" : parameters.map((other) => other.name).join(", ");
        throw this.#failure(argument.value, `${name} has no parameter for this; its parameters are ${expected}`);
      }
      if (scope.has(parameter.name)) throw this.#failure(argument.value, `${name}: ${parameter.name} is given twice`);
      scope.set(
        parameter.name,
        await this.#at(argument.value, () => {
          if (!parameter.type) return values[i];
          const tensor = toHalf(values[i], `${name}: ${parameter.name} has to be a tensor`);
          dimensions.check(parameter.name, parameter.type, tensor.shape);
          return tensor;
        }),
      );
    }
    const missing = parameters.filter((parameter) => !scope.has(parameter.name));
    if (missing.length > 0)
      throw this.#failure(span, `${name} needs ${missing.map((parameter) => parameter.name).join(", ")}`);
    return scope;
  }

  /** Where the function was called from, under the place inside it. */
  #withCaller(error: unknown, name: string, call: Span): unknown {
    if (!(error instanceof ScriptError)) return error;
    const { line, column } = placeOf(this.#source.text, call.start);
    // A deep recursion is told by its innermost calls.
    if (error.message.split("\n").length < 8)
      error.message += `\n  in ${name}, called at ${this.#source.name}:${line}:${column}`;
    return error;
  }

  /** Errors of the package become errors of this place in the script. */
  async #at<T>(span: Span, body: () => T | Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof TensorLogicError) || error instanceof ScriptError) throw error;
      throw this.#failure(span, error.message, { cause: error });
    }
  }

  #failure(span: Span, message: string, options?: ErrorOptions): ScriptError {
    return new ScriptError(this.#source, span, message, options);
  }
}
