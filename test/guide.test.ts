import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { severities } from "../src/advise/finding.ts";
import { runExample, titleOf } from "./support/examples.ts";
import { projectRoot, shell } from "./support/shell.ts";

const guide = readFileSync(join(projectRoot, "docs", "guide.md"), "utf8");

/** The fenced blocks of one language. */
function blocks(language: string): [title: string, code: string][] {
  const found = [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    (match) => match[1]!,
  );
  return found.map((code, i) => [`${i + 1}: ${titleOf(code)}`, code]);
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorlogic-guide-"));
  // What the guide's scripts call their models; a format is found by content, so one model serves for both names.
  const model = join(projectRoot, "models", "efficientnet_lite0.mlpackage");
  cpSync(model, join(folder, "model.mlpackage"), { recursive: true });
  cpSync(model, join(folder, "model.mlmodelc"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const command = (line: string) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

describe("commands", () => {
  const lines = blocks("sh").flatMap(([, code]) => code.trim().split("\n"));
  test("there are some", () => expect(lines.length).toBeGreaterThanOrEqual(6));
  test.each(lines)(
    "%s",
    async (line) => {
      expect(line).toStartWith("bun run ");
      const [, , name, ...args] = command(line);
      const main = name === "bench" ? "bench/main.ts" : "src/cli/main.ts";
      const { code, stderr } = await shell([process.execPath, main, ...(name === "bench" ? [] : [name!]), ...args]);
      expect(stderr).toBe("");
      expect(code).toBe(0);
    },
    60_000,
  );
});

describe("TypeScript", () => {
  test.each(blocks("ts"))(
    "%s",
    async (_, code) => {
      const { code: exitCode, stderr } = await runExample(code);
      expect(stderr).toBe("");
      expect(exitCode).toBe(0);
    },
    60_000,
  );
});

describe("TensorLogic scripts", () => {
  const scripts = blocks("tensorlogic");
  test.each(scripts)("%s", async (_, code) => {
    const path = join(folder, "guide.tl");
    await Bun.write(path, code);
    const { code: exitCode, stdout, stderr } = await shell([process.execPath, "src/cli/main.ts", "tl", path]);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    // What the script's comments say that it prints.
    const said = [...code.matchAll(/^print\("([^"]*)",.*\/\/ (.*)$/gm)].map(
      ([, label, value]) => `${label} ${value}\n`,
    );
    expect(stdout).toBe(said.join(""));
  });
});

const python = ["python3", "python"].find((name) => {
  const path = Bun.which(name);
  return path !== null && Bun.spawnSync([path, "-c", "import coremltools, torch"], { stderr: "ignore" }).exitCode === 0;
});

describe.skipIf(python === undefined)("Python (needs coremltools and torch)", () => {
  test.each(blocks("python"))(
    "%s",
    async (_, code) => {
      const work = join(folder, "python");
      await Bun.write(join(work, "make.py"), code);
      const made = Bun.spawnSync([python!, "make.py"], { cwd: work, stderr: "pipe" });
      expect(made.exitCode, made.stderr.toString()).toBe(0);
      const { code: exitCode, stdout } = await shell([
        process.execPath,
        "src/cli/main.ts",
        "advise",
        join(work, "model.mlpackage"),
        "--random",
      ]);
      expect(stdout).toContain("CoreML (mlprogram");
      expect(exitCode).toBe(0);
    },
    120_000,
  );
});

describe("what the guide names exists", () => {
  test("rules of advise", async () => {
    const table = guide.slice(guide.indexOf("| **1."), guide.indexOf("The last one needs numbers"));
    const rules = [...table.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)*)`(?=[^|]*\|\n)/g)].map((match) => match[1]!);
    expect(rules.length).toBeGreaterThan(8);
    const sources = await Array.fromAsync(new Bun.Glob("*.ts").scan(join(projectRoot, "src", "advise")));
    const text = sources.map((file) => readFileSync(join(projectRoot, "src", "advise", file), "utf8")).join("\n");
    expect(rules.filter((rule) => !text.includes(`"${rule}"`))).toEqual([]);
    expect(severities as readonly string[]).toContain("warning");
  });

  test("relative links", () => {
    const links = [...guide.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map((match) => match[1]!);
    expect(links.length).toBeGreaterThan(2);
    expect(links.filter((link) => !existsSync(join(projectRoot, "docs", link)))).toEqual([]);
  });
});
