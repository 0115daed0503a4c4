import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pending from "./pending.json" with { type: "json" };
import { type RecordedCase, replay } from "./recorded-case.ts";

/**
 * Recorded tests of coremltools: for every kind of model, operation and precision the smallest case (select-cases.ts). pending.json names
 * the cases that do not pass yet, each with its reason; one that passes has to leave the list.
 */
const root = mkdtempSync(join(tmpdir(), "tensorlogic-conformance-"));
const tar = Bun.spawnSync(["tar", "-xzf", join(import.meta.dir, "cases.tar.gz"), "-C", root]);
if (!tar.success) throw new Error(`cases.tar.gz: ${tar.stderr}`);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const known: Record<string, string> = pending;
const cases = readdirSync(root)
  .sort()
  .map((id) => JSON.parse(readFileSync(join(root, id, "manifest.json"), "utf8")) as RecordedCase);
const titles = cases.map((recorded) => {
  const operations = Object.keys(recorded.ops).filter((operation) => operation !== "const");
  return [`${recorded.id} ${operations.join(", ")}`, recorded] as const;
});

test.each(titles.filter(([, { id }]) => !(id in known)))("%s", async (_, recorded) => {
  expect(await replay(join(root, recorded.id), recorded)).toBe("");
});

test.each(titles.filter(([, { id }]) => id in known))("%s does not pass yet", async (_, recorded) => {
  const outcome = await replay(join(root, recorded.id), recorded).catch((error: Error) => error.message);
  expect(outcome).not.toBe("");
});

test("pending.json names recorded cases only", () => {
  const ids = new Set(cases.map(({ id }) => id));
  expect(Object.keys(known).filter((id) => !ids.has(id))).toEqual([]);
});
