import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json";
import { projectRoot } from "../../scripts/setup/paths.ts";

const pinnedBun = packageJson.packageManager.replace("bun@", "");
const read = (name: string) => readFileSync(join(projectRoot, name), "utf8");

test("every file that names a version of Bun names the pinned one", () => {
  const patterns = [".ci/run", "*.md", "docs/**/*.md", "models/*.md", "{scripts,src,bench}/**/*.ts"];
  const names = patterns.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: projectRoot, dot: true })]);
  const named: string[] = [];
  for (const name of names) {
    for (const match of read(name).matchAll(/bun@(\d[\w.-]*\d)/g)) named.push(`${name}: ${match[1]}`);
  }
  expect(named).toContain(`.ci/run: ${pinnedBun}`);
  expect(named.filter((one) => !one.endsWith(`: ${pinnedBun}`))).toEqual([]);
});

test("package.json: one Bun", () => {
  expect(packageJson.engines.bun).toBe(`>=${pinnedBun}`);
  expect(packageJson.devDependencies["@types/bun"]).toBe(pinnedBun);
});

test("CI runs the test command, the emulated kernels, the checks, the fuzzers", () => {
  const commands = read(".ci/run")
    .split("\n")
    .filter((line) => line.startsWith("npx"));
  expect(commands).toEqual([
    `npx -y bun@${pinnedBun} run test`,
    `npx -y bun@${pinnedBun} run test:emulated`,
    `npx -y bun@${pinnedBun} run check`,
    `npx -y bun@${pinnedBun} run fuzz --seconds 30`,
  ]);
});

test("the lock file names no registry", () => {
  expect(read("bun.lock")).not.toContain("://");
});
