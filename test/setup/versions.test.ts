import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json";
import { projectRoot } from "../../scripts/setup/paths.ts";

const pinnedBun = packageJson.packageManager.replace("bun@", "");
const read = (name: string) => readFileSync(join(projectRoot, name), "utf8");

test(".ci/run names the pinned Bun and no other", () => {
  const named = [...read(".ci/run").matchAll(/bun@(\d[\w.-]*\d)/g)].map((match) => match[1]);
  expect(named.length).toBeGreaterThan(0);
  expect(new Set(named)).toEqual(new Set([pinnedBun]));
});

test("package.json: one Bun", () => {
  expect(packageJson.engines.bun).toBe(`>=${pinnedBun}`);
});

test("the lock file names no registry", () => {
  expect(read("bun.lock")).not.toContain("://");
});
