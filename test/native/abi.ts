// Reads the C ABI out of its four places. Types are in the words of bun:ffi.

/** Function name → parameter types. */
export type Abi = ReadonlyMap<string, readonly string[]>;

const cTypes: Readonly<Record<string, string>> = { int32_t: "i32", uint32_t: "u32", uint64_t: "u64" };
const swiftTypes: Readonly<Record<string, string>> = { Int32: "i32", UInt32: "u32", UInt64: "u64" };

/** Every function of the header. */
export function parseHeader(header: string): Abi {
  const code = withoutComments(header);
  const functions = [...code.matchAll(/(\w+)\s+(tl_\w+)\s*\(([\s\S]*?)\)\s*;/g)];
  return new Map(
    functions.map(([, result, name, parameters]) => {
      if (result !== "int32_t") throw new Error(`${name} returns ${result}, expected int32_t`);
      return [name!, splitTopLevel(parameters!).map(cType)];
    }),
  );
}

/** Every `@_cdecl` function of the Swift sources. */
export function parseSwift(sources: readonly string[]): Abi {
  const abi = new Map<string, string[]>();
  for (const source of sources) {
    for (const match of source.matchAll(/@_cdecl\("(\w+)"\)\s+public func (\w+)\(/g)) {
      const [text, exported, name] = match;
      if (exported !== name) throw new Error(`@_cdecl("${exported}") is called ${name} in Swift`);
      const start = match.index + text.length;
      const end = closingParenthesis(source, start);
      if (!/^\s*->\s*Int32\s*\{/.test(source.slice(end + 1))) throw new Error(`${name} does not return Int32`);
      abi.set(name!, splitTopLevel(source.slice(start, end)).map(swiftType));
    }
  }
  return abi;
}

/** The list of TypeScript. */
export function parseSymbols(
  symbols: Readonly<Record<string, { readonly args?: readonly unknown[]; readonly returns?: unknown }>>,
): Abi {
  return new Map(
    Object.entries(symbols).map(([name, { args = [], returns }]) => {
      if (returns !== "i32") throw new Error(`${name} returns ${String(returns)}, expected i32`);
      return [name, args.map(String)];
    }),
  );
}

/** The `tl_` names that `nm` lists as defined. */
export function parseNm(output: string): ReadonlySet<string> {
  return new Set([...output.matchAll(/ [TtDS] _?(tl_\w+)$/gm)].map(([, name]) => name!));
}

/** Numbers of `enum NAME` in the header. */
export function parseEnum(header: string, name: string): Record<string, number> {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(withoutComments(header))?.[1];
  if (body === undefined) throw new Error(`the header has no enum ${name}`);
  return Object.fromEntries(
    [...body.matchAll(/(TL_\w+)\s*=\s*(-?\d+)/g)].map(([, key, value]) => [key!, Number(value)]),
  );
}

/** What disagrees with the header, one sentence each. */
export function compareAbi(header: Abi, lists: Readonly<Record<string, Abi>>, exported: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  for (const [place, abi] of Object.entries(lists)) {
    for (const [name, parameters] of header) {
      const found = abi.get(name);
      if (!found) problems.push(`${name} is not in ${place}`);
      else if (found.join() !== parameters.join()) {
        problems.push(`${name} takes (${parameters.join(", ")}) in the header, (${found.join(", ")}) in ${place}`);
      }
    }
    for (const name of abi.keys()) if (!header.has(name)) problems.push(`${name} of ${place} is not in the header`);
  }
  for (const name of header.keys()) if (!exported.has(name)) problems.push(`${name} is not exported by the library`);
  for (const name of exported) if (!header.has(name)) problems.push(`${name} is exported but not in the header`);
  return problems;
}

function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, "");
}

function cType(parameter: string): string {
  if (parameter.includes("*")) return "ptr";
  const name = parameter.trim().split(/\s+/)[0]!;
  const type = cTypes[name];
  if (!type) throw new Error(`the header has the parameter '${parameter.trim()}' of a type that the ABI does not use`);
  return type;
}

function swiftType(parameter: string): string {
  const name = parameter.slice(parameter.indexOf(":") + 1).trim();
  if (/^Unsafe(Mutable)?(Raw)?Pointer(<\w+>)?\?$/.test(name) || name.startsWith("(@convention(c)")) return "ptr";
  const type = swiftTypes[name];
  if (!type) throw new Error(`Swift has the parameter '${parameter.trim()}' of a type that the ABI does not use`);
  return type;
}

function closingParenthesis(text: string, start: number): number {
  let depth = 1;
  for (let index = start; index < text.length; index++) {
    if (text[index] === "(") depth++;
    if (text[index] === ")" && --depth === 0) return index;
  }
  throw new Error("unbalanced parentheses");
}

/** Splits at commas outside of brackets. */
function splitTopLevel(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < list.length; index++) {
    const character = list[index]!;
    if ("(<".includes(character)) depth++;
    if (")".includes(character) || (character === ">" && list[index - 1] !== "-")) depth--;
    if (character === "," && depth === 0) {
      parts.push(list.slice(start, index));
      start = index + 1;
    }
  }
  const last = list.slice(start);
  if (last.trim() !== "" && last.trim() !== "void") parts.push(last);
  return parts;
}
