import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readAppleApi } from "./apple-api.ts";
import lists from "./stand-in-names.json";
import { publicNames, type PublicNames } from "./swift-names.ts";

const sourcesFolder = join(import.meta.dir, "..", "..", "swift", "Sources");
const api = readAppleApi();

function sources(target: string): { file: string; text: string }[] {
  return [...new Bun.Glob("**/*.swift").scanSync({ cwd: join(sourcesFolder, target) })].sort().map((file) => ({
    file: `${target}/${file}`,
    text: readFileSync(join(sourcesFolder, target, file), "utf8"),
  }));
}

function namesOf(texts: readonly string[]): PublicNames {
  const names = new Set<string>();
  const spi = new Set<string>();
  for (const found of texts.map(publicNames)) {
    for (const name of found.names) names.add(name);
    for (const name of found.spi) spi.add(name);
  }
  return { names, spi };
}

const standIns = [...sources("CoreML"), ...sources("Metal")].map(({ text }) => text);
const known = [...lists.apple, ...Object.keys(lists.objectiveC), ...lists.importer, ...lists.foundation];

describe("the stand-in modules declare", () => {
  test("the names of the list and no others", () => {
    expect([...namesOf(standIns).names].sort()).toEqual(known.toSorted());
  });

  test("what only this bridge may use as SPI", () => {
    expect([...namesOf(standIns).spi]).toEqual(lists.portable);
  });

  test("nothing that is not noticed", () => {
    const stranger = "open class MLModel: NSObject {\n  public func warmUp(times count: Int = 1) {}\n}\n";
    const { names } = namesOf([...standIns, stranger]);
    expect([...names].filter((name) => !known.includes(name))).toEqual(["MLModel.warmUp(times:)"]);
  });
});

describe.skipIf(!api)("in ../shared's list of Apple's API", () => {
  test("every name of the list exists", () => {
    expect(lists.apple.filter((name) => !api!.names.has(name))).toEqual([]);
    expect(lists.bridgeOnApple.filter((name) => !api!.names.has(name))).toEqual([]);
    expect(Object.values(lists.objectiveC).filter((selector) => !api!.selectors.has(selector))).toEqual([]);
  });

  test("a made-up name does not", () => {
    expect(api!.names.has("MLModel.warmUp(times:)")).toBe(false);
    expect(api!.names.has("MLModel.prediction(from:options:)")).toBe(true);
  });

  test("members that need a later macOS than 13 are guarded in the bridge", () => {
    expect(sources("TensorLogic").flatMap(({ file, text }) => unguarded(file, text))).toEqual([]);
  });

  test("types of macOS 14.4 with members of everyday names stand in declarations that ask for it", () => {
    expect(sources("TensorLogic").flatMap(({ file, text }) => unguardedTypes(file, text))).toEqual([]);
    const text = "@available(macOS 14.4, *)\nfunc f(_ p: MLComputePlan) {\n}\n";
    expect(unguardedTypes("f.swift", text)).toEqual([]);
    expect(unguardedTypes("f.swift", text.replace(/^@.*\n/, ""))).toEqual(["f.swift: MLComputePlan"]);
  });

  test("an unguarded member is found", () => {
    const text = "func f(_ c: MLModelConfiguration) {\n  c.functionName = nil\n}\n";
    expect(unguarded("f.swift", text)).toEqual(["f.swift:2: functionName needs #available(macOS 15)"]);
    expect(unguarded("f.swift", text.replace("  c", "  guard #available(macOS 15.0, *) else { return }\n  c"))).toEqual(
      [],
    );
  });
});

test("the bridge uses only names that the stand-ins or the list have", () => {
  const words = new Set([...known, ...lists.bridgeOnApple, ...lists.portable].flatMap((name) => name.split(/\W+/)));
  const strangers = sources("TensorLogic").flatMap(({ file, text }) =>
    [...codeOf(text).matchAll(/\bk?(?:ML|MTL|CV)[A-Z]\w+/g)]
      .filter(([name]) => !words.has(name))
      .map(([name]) => `${file}: ${name}`),
  );
  expect(strangers).toEqual([]);
});

/** Their members are called `inputs`, `functions` and the like, which says nothing about whose they are. */
const everydayMembers = ["MLComputePlan", "MLModelStructure"];

/** Uses of these types in top-level declarations that do not ask for macOS 14.4. */
function unguardedTypes(file: string, text: string): string[] {
  const declarations = codeOf(text).split(/^}$/m);
  return declarations
    .filter((code) => !/available\(macOS 14\.4/.test(code))
    .flatMap((code) => everydayMembers.filter((type) => new RegExp(`\\b${type}\\b`).test(code)))
    .map((type) => `${file}: ${type}`);
}

/** Uses of later members outside of a function or condition that asks for their version. */
function unguarded(file: string, text: string): string[] {
  // Only members whose name no earlier type shares: the check knows no types.
  const later = new Map<string, number>();
  for (const [name, version] of api!.laterThan13) {
    const [type] = name.split(".");
    if (!lists.apple.includes(type!) || everydayMembers.includes(type!)) continue;
    const member = /^[A-Z]\w+(?:\.\w+)*\.(\w+)/.exec(name)?.[1];
    if (member) later.set(member, version);
  }
  for (const name of api!.names) {
    const member = /\.(\w+)[^.]*$/.exec(name)?.[1];
    if (member && !api!.laterThan13.has(name)) later.delete(member);
  }
  const lines = codeOf(text).split("\n");
  return lines.flatMap((line, index) =>
    [...line.matchAll(/(?:\?|\w|\)|\])\.(\w+)/g)]
      .filter(([, member]) => later.has(member!) && !isGuarded(lines, index, later.get(member!)!))
      .map(([, member]) => `${file}:${index + 1}: ${member} needs #available(macOS ${later.get(member!)})`),
  );
}

/** Whether a line between the declaration around it and itself asks for the version. */
function isGuarded(lines: readonly string[], index: number, version: number): boolean {
  for (let at = index; at >= 0; at--) {
    const line = lines[at]!;
    if (Number(/available\(macOS (\d+(?:\.\d+)?)/.exec(line)?.[1]) >= version) return true;
    if (/^\s*(?:(?:private|fileprivate|public|static)\s+)*(?:func|init|var \w+.*\{)/.test(line)) {
      return Number(/available\(macOS (\d+(?:\.\d+)?)/.exec(lines[at - 1] ?? "")?.[1]) >= version;
    }
  }
  return false;
}

function codeOf(text: string): string {
  return text.replaceAll(/\/\/.*$/gm, "").replaceAll(/"(?:\\.|[^"\\\n])*"/g, '""');
}
