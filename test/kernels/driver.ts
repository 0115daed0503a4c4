import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { projectRoot } from "../../scripts/setup/paths.ts";
import { runOrThrow } from "../../scripts/setup/run.ts";
import { ensureToolchain } from "../../scripts/setup/toolchain.ts";

const kernels = join(projectRoot, "swift/Sources/Kernels");
const tests = join(projectRoot, "test/kernels");

function listSources(): string[] {
  const find = (folder: string, pattern: string) =>
    [...new Bun.Glob(pattern).scanSync({ cwd: folder, absolute: true })].sort();
  return [...find(kernels, "**/*.c"), ...find(tests, "*.c")];
}

async function hashOfSources(): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const folder of [kernels, tests])
    for (const file of [...new Bun.Glob("**/*.{c,h}").scanSync({ cwd: folder, absolute: true })].sort())
      hasher.update(`${file}\0`).update(await Bun.file(file).text());
  return hasher.digest("hex").slice(0, 16);
}

const folder = join(projectRoot, "swift/.build/kernels-test");

const include = `-I${join(kernels, "include")}`;
const flags = ["-O2", "-fPIC", "-g", "-fblocks", "-fno-omit-frame-pointer", "-Wall", "-Wextra"];

async function compile(source: string, object: string, withFlags: string[], environment: Record<string, string>) {
  const command = ["clang", ...withFlags, include, "-c", source, "-o", object];
  await runOrThrow(basename(source), command, { env: environment });
}

/**
 * The kernels and their C tests as one program, compiled by the toolchain's clang with the flags that SwiftPM gives to
 * a release build. Kept until a source changes.
 */
export async function buildDriver(): Promise<string> {
  const program = join(folder, `kernels-test-${await hashOfSources()}`);
  if (existsSync(program)) return program;
  const { environment } = await ensureToolchain();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const objects = listSources().map((source) => ({ source, object: join(folder, `${basename(source)}.o`) }));
  const queue = [...objects];
  const compileAll = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) await compile(next.source, next.object, flags, environment);
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, compileAll));
  const link = ["clang", ...objects.map(({ object }) => object), "-lm", "-lpthread", "-o", `${program}.tmp`];
  await runOrThrow("kernels-test", link, { env: environment });
  renameSync(`${program}.tmp`, program);
  return program;
}

export interface StaticVariant {
  /** Further C sources. */
  sources: string[];
  linkFlags: string[];
  /** One of the kernels' sources, by its name, that is compiled again with further flags. */
  again: { name: string; flags: string[] };
}

/** The same program without shared libraries, in a variant. */
export async function buildStaticDriver({ sources, linkFlags, again }: StaticVariant): Promise<string> {
  const program = `${await buildDriver()}-static`;
  const { environment } = await ensureToolchain();
  const objects = [...new Bun.Glob("*.c.o").scanSync({ cwd: folder, absolute: true })];
  const source = listSources().find((one) => basename(one) === again.name) ?? again.name;
  const object = join(folder, `${again.name}.again.o`);
  await compile(source, object, [...flags, ...again.flags], environment);
  const inputs = [...sources, object, ...objects.filter((one) => basename(one) !== `${again.name}.o`)];
  const link = ["clang", "-static", "-s", ...linkFlags, ...inputs, "-lm", "-lpthread", "-o", program];
  await runOrThrow("kernels-test, static", link, { env: environment });
  return program;
}
