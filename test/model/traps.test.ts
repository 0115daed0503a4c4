import { expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel } from "../../src/index.ts";
import { fixtures } from "./fixture-case.ts";

/** Traps of real Core ML files that no other test has: most have fixtures of their own, in test/fixtures/README.md. */
test("a file name with spaces, parentheses, an apostrophe and an umlaut", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tensorlogic names "));
  try {
    const path = join(folder, "the cat's Modell (größer) 100%.mlpackage");
    cpSync(join(fixtures, "models/add_one/model.mlpackage"), path, { recursive: true });
    using model = await loadModel(path);
    expect(Object.values(model.predictSync({ [model.inputs[0]!.name]: new Float16Array(8) }))).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a feature name with spaces and parentheses", async () => {
  using model = await loadModel(join(fixtures, "classical/glm_regressor.mlmodel"));
  const names = model.inputs.map(({ name }) => name);
  expect(names.filter((name) => /^sepal .*\(cm\)$/.test(name))).not.toEqual([]);
  expect(model.predictSync(Object.fromEntries(names.map((name) => [name, 1])))).toBeObject();
  const missing = Object.fromEntries(names.slice(1).map((name) => [name, 1]));
  expect(() => model.predictSync(missing)).toThrow(names[0]);
});

test("numpy is pinned below 2.4 for who makes models: coremltools 9 cannot read PyTorch's graphs with a newer one", () => {
  const pins = readFileSync(join(import.meta.dir, "../../models/requirements.txt"), "utf8");
  const [, minor] = /^numpy==2\.(\d+)\./m.exec(pins)!;
  expect(Number(minor)).toBeLessThan(4);
});
