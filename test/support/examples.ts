import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, shell, type ShellResult } from "./shell.ts";

/** Lines `value; // literal` become checks; comments that are no JSON stay comments. */
function withChecks(code: string): string {
  return code.replace(/^([^/\n]*[^;\s/])\s*;\s*\/\/ (.+)$/gm, (line, expression: string, comment: string) => {
    if (/^\s*(const|let|using|import|await using)\b/.test(expression)) return line;
    try {
      JSON.parse(comment);
    } catch {
      return line;
    }
    return `__check(${expression.trim()}, ${comment}, ${JSON.stringify(expression.trim())});`;
  });
}

const prelude = `import { isDeepStrictEqual as __isEqual, inspect as __inspect } from "node:util";
function __check(got, want, what) {
  if (!__isEqual(got, want)) throw new Error(what + " is " + __inspect(got) + ", the documentation says " + __inspect(want));
}
`;

const imports = 'import { Image, loadModel, metal, Tensor } from "tensorlogic";\n';

/** Runs a documented example in a process of its own; `value; // literal` lines have to hold. */
export async function runExample(code: string): Promise<ShellResult> {
  // Inside the project, so that "tensorlogic" resolves by tsconfig's paths.
  mkdirSync(join(projectRoot, "dist"), { recursive: true });
  const folder = mkdtempSync(join(projectRoot, "dist", "example-"));
  try {
    const path = join(folder, "example.ts");
    const hasImports = code.includes('from "tensorlogic"');
    await Bun.write(path, prelude + (hasImports ? "" : imports) + withChecks(code));
    return await shell([process.execPath, path]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A title for an example: its first line that says something. */
export function titleOf(code: string): string {
  return code
    .split("\n")
    .find((line) => line.trim() && !line.startsWith("import"))!
    .trim();
}
