import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { labels } from "./swift-names.ts";

// Apple's API as ../shared/facts lists it; the folder is not part of this repository.

export interface AppleApi {
  /** In the form of swift-names.ts. */
  readonly names: ReadonlySet<string>;
  /** `Class selector`, from the Objective-C index. */
  readonly selectors: ReadonlySet<string>;
  /** Name → first macOS version, where that is later than 13. */
  readonly laterThan13: ReadonlyMap<string, number>;
}

interface Entry {
  owner: string | null;
  kind: string;
  swift: string | string[];
  enumValues: Record<string, number> | null;
  availability: string | null;
  caseAvailability: Record<string, string> | null;
  /** Of enumerations with associated values: `cpu(MLCPUComputeDevice)`. */
  cases?: string[];
}

const folder = join(import.meta.dir, "..", "..", "..", "shared", "facts");

/** `undefined` where ../shared is absent. */
export function readAppleApi(): AppleApi | undefined {
  const file = join(folder, "api.json");
  if (!existsSync(file)) return undefined;
  const entries: Entry[] = JSON.parse(readFileSync(file, "utf8"));
  const index: [string, string, string, string | null, string | null][] = JSON.parse(
    readFileSync(join(folder, "api-objc-index.json"), "utf8"),
  );
  const names = new Set<string>();
  const firstVersions = new Map<string, number>();
  for (const entry of entries) {
    const version = Number(/macOS (\d+(?:\.\d+)?)/.exec(entry.availability ?? "")?.[1] ?? 0);
    for (const name of entryNames(entry)) {
      names.add(name);
      // Synchronous and asynchronous forms share a name; the older one counts.
      firstVersions.set(name, Math.min(version, firstVersions.get(name) ?? version));
    }
  }
  for (const [, owner, name] of index) {
    // Functions, constants and plain types are rows of their own, without an owner.
    if (/^(func|extern|enum|const|type|opaque)/.test(owner)) names.add(name);
  }
  const laterThan13 = new Map([...firstVersions].filter(([, version]) => version > 13));
  return { names, selectors: new Set(index.map(([, owner, name]) => `${owner} ${name}`)), laterThan13 };
}

function entryNames({ owner, kind, swift, enumValues, caseAvailability, cases }: Entry): string[] {
  const prefix = owner && !["type", "enum"].includes(kind) ? `${owner}.` : "";
  const found = owner ? owner.split(".").map((_, index, parts) => parts.slice(0, index + 1).join(".")) : [];
  found.push(...(cases ?? []).map((text) => `${owner}.${/^\w+/.exec(text)![0]}`));
  for (const text of Array.isArray(swift) ? swift : [swift]) {
    const match = /\b(init|subscript|func|var|let|case|typealias|class|struct|enum|protocol)\b\s*([\w.]*)/.exec(
      text.replaceAll(/\bclass (?=func|var)/g, ""),
    );
    if (!match) continue;
    const [declaration, word, name] = match;
    const rest = text.slice(match.index + declaration.length - (word === "init" ? name!.length : 0));
    if (word === "func") for (const form of labels(rest)) found.push(prefix + name + form);
    else if (word === "init" || word === "subscript") for (const form of labels(rest)) found.push(prefix + word + form);
    else found.push(prefix + name);
    for (const [, member] of text.matchAll(/\b(?:let|var) (\w+)/g)) if (owner) found.push(`${owner}.${member}`);
    for (const form of /\{.*\binit(\(.*?\))/.exec(text)?.slice(1) ?? []) found.push(`${owner}.init${labels(form)[0]}`);
  }
  for (const value of Object.keys({ ...enumValues, ...caseAvailability }))
    found.push(owner ? `${owner}.${value}` : value);
  return found;
}
