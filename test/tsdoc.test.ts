import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runExample } from "./support/examples.ts";
import { projectRoot } from "./support/shell.ts";

const source = join(projectRoot, "src");

/** The examples in a file's TSDoc comments. */
function examplesOf(file: string): string[] {
  const text = readFileSync(join(source, file), "utf8");
  return [...text.matchAll(/^ \* ```ts\n([\s\S]*?)^ \* ```/gm)].map((match) => match[1]!.replace(/^ \* ?/gm, ""));
}

const examples = readdirSync(source)
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => examplesOf(file).map((code, i) => [`${file}, example ${i + 1}`, code] as const));

test("the public classes have examples", () => expect(examples.length).toBeGreaterThanOrEqual(4));

test.each(examples)(
  "%s runs and says the truth",
  async (_, code) => {
    const { code: exitCode, stderr } = await runExample(code);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  },
  30_000,
);

test("an example that says something else fails", async () => {
  const { code, stderr } = await runExample('Tensor.zeros([2]).dtype; // "float32"\n');
  expect(stderr).toContain("Tensor.zeros([2]).dtype is 'float16', the documentation says 'float32'");
  expect(code).toBe(1);
});
