import { readFileSync } from "node:fs";
import { join } from "node:path";

export const suiteNames = [...readFileSync(join(import.meta.dir, "suites.h"), "utf8").matchAll(/^S\((\w+)\)$/gm)].map(
  ([, name]) => name ?? "",
);

/** What must hold of a program's output, on any target. */
export function failuresIn(output: string): string[] {
  const failures = output.split("\n").filter((line) => /FAIL|not ok/.test(line));
  return /\d+ passed, 0 failed\n$/.test(output) ? failures : [...failures, `it ended with: ${output.slice(-300)}`];
}
