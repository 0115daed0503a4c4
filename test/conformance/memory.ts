/**
 * Child process of memory.test.ts: loads and runs every case of a folder, and prints what is left of it as JSON.
 *
 *   bun test/conformance/memory.ts FOLDER
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readCounters } from "../../src/index.ts";
import { type RecordedCase, replay } from "./recorded-case.ts";

const folder = process.argv[2]!;
const ids = readdirSync(folder).sort();

async function run(id: string): Promise<void> {
  const path = join(folder, id);
  const recorded = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as RecordedCase;
  // Cases that do not pass take memory too.
  await replay(path, recorded).catch(() => {});
}

async function measure() {
  for (let i = 0; i < 4; i++) {
    Bun.gc(true);
    await Bun.sleep(5);
  }
  return { handles: readCounters().handles, rssMb: process.memoryUsage().rss / 2 ** 20 };
}

await run(ids[0]!);
const before = await measure();
let largestMb = 0;
for (const id of ids) {
  await run(id);
  largestMb = Math.max(largestMb, process.memoryUsage().rss / 2 ** 20);
}
console.log(JSON.stringify({ cases: ids.length, before, largestMb, after: await measure() }));
