import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runExample, titleOf } from "./support/examples.ts";
import { projectRoot, shell } from "./support/shell.ts";

const path = join(projectRoot, "README.md");
const readme = existsSync(path) ? readFileSync(path, "utf8") : "";
const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1]!);
const { scripts } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

describe.skipIf(readme === "")("the README's examples run", () => {
  test("there are some", () => expect(examples.length).toBeGreaterThan(0));

  test.each(examples.map((code, i) => [`example ${i + 1}: ${titleOf(code)}`, code]))(
    "%s",
    async (_, code) => {
      const { code: exitCode, stderr } = await runExample(code);
      expect(stderr).toBe("");
      expect(exitCode).toBe(0);
    },
    30_000,
  );
});

describe.skipIf(readme === "")("what the README names exists", () => {
  const commands = [...new Set([...readme.matchAll(/\bbun(?:@[\d.]+)? run ([\w-]+)/g)].map((match) => match[1]!))];
  test.each(commands)("bun run %s", (name) => expect(Object.keys(scripts)).toContain(name));

  const options = [...new Set([...readme.matchAll(/bun run infer[^\n]*?(--[a-z-]+)/g)].map((match) => match[1]!))];
  test("every option of infer that it mentions is in the help", async () => {
    const { stdout } = await shell([process.execPath, "src/cli/main.ts", "infer", "--help"]);
    for (const option of options) expect(stdout).toContain(option);
  });

  // Commands with concrete arguments; those with placeholders (MODEL, INPUT) are usage lines.
  const lines = [...readme.matchAll(/^(?:npx -y bun@[\d.]+ run|bun run) ((?:infer|describe|bench|advise)\b[^\n#]*)/gm)]
    .map((match) => match[1]!.trim())
    .filter((line) => !/\b(MODEL|INPUT)\b/.test(line));
  test("there are commands to run", () => expect(lines.length).toBeGreaterThan(2));
  test.each(lines)(
    "%s",
    async (line) => {
      const args = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
      const { code, stderr } = await shell([process.execPath, "src/cli/main.ts", ...args]);
      expect(stderr).toBe("");
      expect(code).toBe(0);
    },
    30_000,
  );

  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map((match) => match[1]!);
  test("every relative link", () => {
    expect(links.filter((link) => !existsSync(join(projectRoot, link)))).toEqual([]);
  });
});
