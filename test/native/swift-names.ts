// Reads the public names out of Swift sources, well enough for the plain style of the stand-in modules.

export interface PublicNames {
  /** `Type`, `Type.member`, `function(label:)`, `Type.init(label:)`. */
  readonly names: Set<string>;
  /** Those that only `@_spi` imports see. */
  readonly spi: Set<string>;
}

interface Scope {
  name: string;
  /** Protocol members and enum cases are as public as their type. */
  impliesPublic: "nothing" | "members" | "cases";
  /** Brace depth of the members. */
  depth: number;
}

const modifiers =
  "(?:(?:@discardableResult|private\\(set\\)|final|override|convenience|static|mutating|class(?= func| var))\\s+)*";
const declaration = new RegExp(
  `^${modifiers}(@_spi\\(\\w+\\)\\s+)?(?:(public|open)\\s+)?${modifiers}(class|struct|enum|protocol|extension|func|var|let|typealias|init|subscript|case)\\b\\s*\`?(\\w*)`,
);

/** Public declarations of one source file. */
export function publicNames(source: string): PublicNames {
  const result: PublicNames = { names: new Set(), spi: new Set() };
  const scopes: Scope[] = [];
  let depth = 0;
  const code = withoutTexts(source);
  let start = 0;
  for (const line of code.split("\n")) {
    while (scopes.length > 0 && scopes.at(-1)!.depth > depth) scopes.pop();
    const scope = scopes.at(-1);
    if (depth === (scope?.depth ?? 0)) {
      const opened = readDeclaration(line, code.slice(start), scope, depth, result);
      if (opened) scopes.push(opened);
    }
    for (const character of line) depth += character === "{" ? 1 : character === "}" ? -1 : 0;
    start += line.length + 1;
  }
  return result;
}

/** The names of one declaration; the scope that it opens, if any. */
function readDeclaration(line: string, rest: string, scope: Scope | undefined, depth: number, result: PublicNames) {
  const match = declaration.exec(line.trim());
  if (!match) return undefined;
  const [, spi, access, kind = "", name = ""] = match;
  const prefix = scope && kind !== "extension" ? `${scope.name}.` : "";
  const target = spi ? result.spi : result.names;
  const isCase = kind === "case";
  const isPublic = isCase
    ? scope?.impliesPublic === "cases"
    : access !== undefined || scope?.impliesPublic === "members";
  if (["class", "struct", "enum", "protocol", "extension"].includes(kind)) {
    const path = prefix + name;
    if (isPublic && kind !== "extension") target.add(path);
    const impliesPublic = !isPublic
      ? "nothing"
      : kind === "protocol"
        ? "members"
        : kind === "enum"
          ? "cases"
          : "nothing";
    const body = line.slice(line.indexOf("{") + 1, line.lastIndexOf("}"));
    if (line.includes("{") && line.includes("}") && impliesPublic === "cases") addCases(body, path, target);
    return line.includes("{") && !line.includes("}")
      ? ({ name: path, impliesPublic, depth: depth + 1 } satisfies Scope)
      : undefined;
  }
  if (!isPublic) return undefined;
  if (isCase) addCases(line, scope!.name, target);
  else {
    const code = rest.replace(/^\s*@_spi\(\w+\)/, "");
    for (const declared of declaredNames(kind, name, line, code)) target.add(prefix + declared);
  }
  return undefined;
}

function declaredNames(kind: string, name: string, line: string, rest: string): string[] {
  if (kind === "func" || kind === "init" || kind === "subscript") {
    // Operators have no name here.
    if (kind === "func" && name === "") return [];
    return [(kind === "func" ? name : kind) + labels(rest)[0]];
  }
  // `public let a: Int, b: Int` declares two.
  const more = line.split(/[={]/)[0]!.matchAll(/,\s*(\w+)\s*:/g);
  return [name, ...[...more].map(([, other]) => other!)];
}

function addCases(code: string, owner: string, names: Set<string>): void {
  const list = /^\s*case\s+(.*)$/.exec(code)?.[1];
  if (!list || list.startsWith(".") || list.startsWith("let ")) return;
  for (const entry of list.replaceAll(/\([^)]*\)/g, "").split(",")) {
    const name = /^\s*`?(\w+)/.exec(entry)?.[1];
    if (name) names.add(`${owner}.${name}`);
  }
}

/** `(label:label:)` of the first parameter list in `code`, then the forms that leave out parameters with a default. */
export function labels(code: string): string[] {
  const parameters = splitParameters(code.slice(code.indexOf("(") + 1));
  let forms = [""];
  for (const parameter of parameters) {
    const label = `${/^\s*(\w+)/.exec(parameter)?.[1]}:`;
    const without = /[^=]=[^=]/.test(parameter) ? forms : [];
    forms = [...forms.map((form) => form + label), ...without];
  }
  return forms.map((form) => `(${form})`);
}

/** The parameters before the closing parenthesis. */
function splitParameters(code: string): string[] {
  const parameters: string[] = [];
  let depth = 0;
  let current = "";
  for (const character of code) {
    if (character === ")" && depth === 0) break;
    if ("([".includes(character)) depth++;
    if (")]".includes(character)) depth--;
    if (character === "," && depth === 0) {
      parameters.push(current);
      current = "";
    } else current += character;
  }
  return current.trim() === "" ? parameters : [...parameters, current];
}

function withoutTexts(source: string): string {
  return source.replaceAll(/\/\/.*$/gm, "").replaceAll(/"(?:\\.|[^"\\\n])*"/g, '""');
}
