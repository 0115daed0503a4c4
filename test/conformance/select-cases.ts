/**
 * Chooses the recorded operation tests that the repository carries: for every kind of model, operation and precision the smallest case.
 *
 *   bun test/conformance/select-cases.ts CASES_DIR      writes test/conformance/cases.tar.gz
 *
 * CASES_DIR holds one folder a case (manifest.json, model, inputs and expected outputs), recorded from the tests of coremltools.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

interface Manifest {
  model_type: string;
  precision: string;
  ops: Record<string, number>;
  xfail: string | null;
  smoke?: boolean;
}

const root = process.argv[2];
if (root === undefined) {
  console.error("usage: bun test/conformance/select-cases.ts CASES_DIR");
  process.exit(2);
}

function sizeOf(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

const cases = readdirSync(root)
  .filter((id) => existsSync(join(root, id, "manifest.json")))
  .map((id) => ({ id, manifest: JSON.parse(readFileSync(join(root, id, "manifest.json"), "utf8")) as Manifest }))
  .filter(({ manifest }) => manifest.xfail === null && manifest.smoke !== true)
  .map((entry) => ({ ...entry, size: sizeOf(join(root, entry.id)) }))
  .sort((a, b) => a.size - b.size || (a.id < b.id ? -1 : 1));

const covered = new Set<string>();
const chosen: string[] = [];
for (const { id, manifest } of cases) {
  const keys = Object.keys(manifest.ops)
    .filter((operation) => operation !== "const")
    .map((operation) => `${manifest.model_type} ${operation} ${manifest.precision}`);
  if (keys.every((key) => covered.has(key))) continue;
  for (const key of keys) covered.add(key);
  chosen.push(id);
}

const scratch = mkdtempSync(join(tmpdir(), "select-cases-"));
const list = join(scratch, "list");
writeFileSync(list, `${chosen.sort().join("\n")}\n`);
const archive = join(import.meta.dir, "cases.tar.gz");
const reproducible = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
const tar = Bun.spawnSync(["tar", ...reproducible, "-czf", archive, "-C", resolve(root), "-T", list]);
rmSync(scratch, { recursive: true });
if (!tar.success) throw new Error(tar.stderr.toString());
console.log(
  `${chosen.length} of ${cases.length} cases cover ${covered.size} combinations, ${statSync(archive).size} bytes`,
);
