import { ArgumentError } from "../errors.ts";
import { Model } from "../model.ts";
import { Tensor } from "../tensor.ts";
import { Weights } from "../weights.ts";
import { getTensor, predict, toValue } from "./models.ts";
import { suggestion } from "./suggestion.ts";
import { BuiltinValue, describeValue, RecordValue, type Value } from "./values.ts";

type Members = Readonly<Record<string, () => Value>>;

/** `value.name`; ArgumentError lists what there is. */
export function memberOf(value: Value, name: string, folder: string): Value {
  const members = membersOf(value, folder);
  // The language writes user_defined where the TypeScript API has userDefined.
  const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  for (const candidate of [name, camel]) if (Object.hasOwn(members, candidate)) return members[candidate]!();
  const names = Object.keys(members);
  const known = names.length > 0 ? `; there are ${names.join(", ")}` : "";
  throw new ArgumentError(`${describeValue(value)} has no member ${name}${suggestion(name, names) || known}`);
}

function membersOf(value: Value, folder: string): Members {
  if (value instanceof Tensor) return { shape: () => value.shape, dtype: () => value.dtype };
  if (value instanceof RecordValue)
    return Object.fromEntries([...value.entries].map(([name, item]) => [name, () => item]));
  if (value instanceof Weights || value instanceof Model) {
    const methods: Members = {
      metadata: () => toValue(value.metadata),
      get_tensor: () => new BuiltinValue("get_tensor", (args) => getTensor(value, args)),
      predict: () => new BuiltinValue("predict", (args) => predict(value, args, folder)),
    };
    return value instanceof Weights ? { ...methods, tensor_names: () => value.tensorNames } : methods;
  }
  return {};
}
