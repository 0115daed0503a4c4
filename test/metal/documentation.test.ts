import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runExample, titleOf } from "../support/examples.ts";
import { projectRoot } from "../support/shell.ts";

const text = readFileSync(join(projectRoot, "docs", "metal.md"), "utf8");
const examples = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1]!);

test("there are examples", () => expect(examples.length).toBeGreaterThan(1));

test.each(examples.map((code, i) => [`example ${i + 1}: ${titleOf(code)}`, code]))(
  "docs/metal.md, %s",
  async (_, code) => {
    const { code: exitCode, stderr } = await runExample(code);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  },
);
