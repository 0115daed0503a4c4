/** Writes pending.json anew from what fails now: `bun test/conformance/list-pending.ts`. A reason is the start of the error. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RecordedCase, replay } from "./recorded-case.ts";

const root = mkdtempSync(join(tmpdir(), "tensorlogic-pending-"));
Bun.spawnSync(["tar", "-xzf", join(import.meta.dir, "cases.tar.gz"), "-C", root]);
const pending: Record<string, string> = {};
const ids = readdirSync(root).sort();
for (const id of ids) {
  const recorded = JSON.parse(readFileSync(join(root, id, "manifest.json"), "utf8")) as RecordedCase;
  const outcome = await replay(join(root, id), recorded).catch((error: Error) => error.message);
  if (outcome !== "") pending[id] = outcome.replaceAll(`${root}/`, "").slice(0, 160);
}
rmSync(root, { recursive: true });
writeFileSync(join(import.meta.dir, "pending.json"), `${JSON.stringify(pending, null, 2)}\n`);
console.log(`${Object.keys(pending).length} of ${ids.length} cases do not pass`);
