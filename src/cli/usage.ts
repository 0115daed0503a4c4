import { parseArgs, type ParseArgsConfig } from "node:util";

/** The command line is wrong: the process ends with code 2 and the command's help is pointed at. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** node:util's parseArgs with UsageError for whatever it refuses. */
export function parseCommandLine<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    // parseArgs appends advice about "--" to unknown options; the first sentence says it all.
    throw new UsageError((error as Error).message.split(". ")[0]!);
  }
}

/** An option's whole number, or its default when it was not given. */
export function parseCount(text: string | undefined, option: string, byDefault: number, minimum: number): number {
  if (text === undefined) return byDefault;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= minimum) return value;
  throw new UsageError(`${option} ${text}: expected a whole number of at least ${minimum}`);
}

/** An option's word, or its default when it was not given. */
export function parseChoice<T extends string>(
  text: string | undefined,
  option: string,
  choices: readonly T[],
  byDefault: T,
): T {
  if (text === undefined) return byDefault;
  if (choices.includes(text as T)) return text as T;
  throw new UsageError(`${option} ${text}: expected ${choices.join(", ")}`);
}
