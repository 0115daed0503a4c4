import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const project = join(import.meta.dir, "../..");
const engine = join(project, "swift/Sources/Engine/Operations");

/** The calls that are elements of an array literal and begin with a string: `unary("abs", …), OperationDefinition(\n "clip", …)`. */
function entriesOf(literal: string): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const { 0: token, 1: name } of literal.matchAll(/\w+\(\s*"(\w+)"|"(?:[^"\\]|\\.)*"|\/\/.*|[([{]|[)\]}]/g)) {
    if (name !== undefined && depth === 1) names.push(name);
    if (name !== undefined || "([{".includes(token)) depth++;
    else if (")]}".includes(token)) depth--;
    if (depth === 0) break;
  }
  return names;
}

/** Every operation of the engine's table, read from its families. */
function definedOperations(): string[] {
  return readdirSync(engine).flatMap((file) => {
    const source = readFileSync(join(engine, file), "utf8");
    return [...source.matchAll(/static let \w+: \[OperationDefinition\] = (?=\[)/g)].flatMap((start) =>
      entriesOf(source.slice(start.index + start[0].length)),
    );
  });
}

function operationsIn(folder: string, isCounted: (manifest: { id: string; model_type: string }) => boolean): string[] {
  return readdirSync(folder).flatMap((id) => {
    const manifest = JSON.parse(readFileSync(join(folder, id, "manifest.json"), "utf8"));
    return isCounted(manifest) ? Object.keys(manifest.ops) : [];
  });
}

function recordedOperations(): string[] {
  const root = mkdtempSync(join(tmpdir(), "tensorlogic-operations-"));
  try {
    const archive = join(import.meta.dir, "cases.tar.gz");
    const tar = Bun.spawnSync(["tar", "-xzf", archive, "-C", root]);
    if (!tar.success) throw new Error(`${archive}: ${tar.stderr}`);
    const pending = JSON.parse(readFileSync(join(import.meta.dir, "pending.json"), "utf8"));
    return operationsIn(root, ({ id, model_type }) => model_type === "mlProgram" && !(id in pending));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const defined = definedOperations();

test("the families are read whole", () => {
  const families = /families: \[\[OperationDefinition\]\] = \[([^\]]*)\]/.exec(
    readFileSync(join(engine, "Table.swift"), "utf8"),
  );
  const sources = readdirSync(engine).map((file) => readFileSync(join(engine, file), "utf8"));
  const names = families![1]!.match(/\w+/g)!;
  const empty = names.filter(
    (name) =>
      !sources.some((source) => {
        const start = new RegExp(`static let ${name}: \\[OperationDefinition\\] = (?=\\[)`).exec(source);
        return start !== null && entriesOf(source.slice(start.index + start[0].length)).length > 0;
      }),
  );
  expect(empty).toEqual([]);
  expect(defined).toContain("conv");
  expect(new Set(defined).size).toBe(defined.length);
});

test("every operation has a recorded case that passes, or a fixture", () => {
  const tested = new Set([...recordedOperations(), ...operationsIn(join(project, "test/fixtures/models"), () => true)]);
  expect(defined.filter((operation) => !tested.has(operation))).toEqual([]);
}, 60_000); // unpacking the cases takes seconds on a busy machine
