import { ArgumentError, UnsupportedError } from "../errors.ts";
import { Model } from "../model.ts";
import { Weights } from "../weights.ts";
import { describeArguments, getTensor, load, predict } from "./models.ts";
import { resolve } from "node:path";
import { BuiltinValue, describeValue, formatValue, type CallArguments, type Value } from "./values.ts";

export interface Environment {
  /** What paths in the script are relative to. */
  readonly folder: string;
  /** Receives what the script prints. */
  print(text: string): void | Promise<void>;
}

/** The functions that every script has. */
export function builtins({ folder, print }: Environment): Map<string, Value> {
  const functions: Record<string, (args: CallArguments) => Value | Promise<Value>> = {
    async print({ positional, named }) {
      if (named.size > 0)
        throw new ArgumentError(`print takes no named arguments, found ${[...named.keys()].join(", ")}`);
      await print(`${positional.map((value) => formatValue(value)).join(" ")}\n`);
      return undefined;
    },
    async load_model(args) {
      const [path] = args.positional;
      if (args.positional.length !== 1 || args.named.size > 0 || typeof path !== "string" || path === "")
        throw new ArgumentError(`load_model takes the path of a model, found ${describeArguments(args)}`);
      return await load(path, folder);
    },
    async save_model(args) {
      const [model, path] = args.positional;
      if (args.positional.length !== 2 || args.named.size > 0 || typeof path !== "string" || path === "")
        throw new ArgumentError(`save_model takes a model and a path, found ${describeArguments(args)}`);
      await checkModel(model, "save_model", ({ path: from }) => {
        throw new UnsupportedError(`${from}: save_model writes SafeTensors, which a Core ML model is not made of`);
      }).save(resolve(folder, path));
      return undefined;
    },
    get_tensor: ({ positional: [model, ...rest], named }) =>
      getTensor(checkAnyModel(model, "get_tensor"), { positional: rest, named }),
    predict: ({ positional: [model, ...rest], named }) =>
      predict(checkAnyModel(model, "predict"), { positional: rest, named }, folder),
  };
  return new Map(Object.entries(functions).map(([name, call]) => [name, new BuiltinValue(name, call)]));
}

function checkAnyModel(value: Value, name: string): Model | Weights {
  if (value instanceof Model || value instanceof Weights) return value;
  throw new ArgumentError(`${name} takes a model first, found ${describeValue(value)}`);
}

function checkModel(value: Value, name: string, refuse: (model: Model) => never): Weights {
  const model = checkAnyModel(value, name);
  return model instanceof Weights ? model : refuse(model);
}
