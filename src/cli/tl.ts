import { writeSync } from "node:fs";
import { dirname } from "node:path";
import { NotFoundError } from "../errors.ts";
import { shortPath } from "./paths.ts";
import { parseCommandLine, UsageError } from "./usage.ts";

export async function run(args: string[], ready: () => Promise<unknown>): Promise<void> {
  const { positionals } = parseCommandLine({ args, allowPositionals: true, options: {} });
  const [path, ...rest] = positionals;
  if (path === undefined) throw new UsageError("tl wants a FILE.tl");
  if (rest.length > 0) throw new UsageError(`${rest[0]}: tl takes one file`);
  const file = Bun.file(path);
  if (!(await file.exists())) throw new NotFoundError(`${path}: no such file`);
  const source = { name: shortPath(path), text: await file.text() };
  await ready();
  const { runScript } = await import("../tl/interpreter.ts");
  await runScript(source, { folder: dirname(path), print: (text) => void writeAll(text) });
}

/** At once, so that what was printed before an error stands before it. */
function writeAll(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let offset = 0; offset < bytes.length;) offset += writeSync(1, bytes, offset);
}
