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

/**
 * The kernels and their C tests as one program, compiled by the toolchain's clang with the flags that SwiftPM gives to
 * a release build. Kept until a source changes.
 */
export async function buildDriver(): Promise<string> {
  const folder = join(projectRoot, "swift/.build/kernels-test");
  const program = join(folder, `kernels-test-${await hashOfSources()}`);
  if (existsSync(program)) return program;
  const { environment } = await ensureToolchain();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const flags = ["-O2", "-fPIC", "-g", "-fblocks", "-fno-omit-frame-pointer", "-Wall", "-Wextra"];
  const include = `-I${join(kernels, "include")}`;
  const objects = listSources().map((source) => ({ source, object: join(folder, `${basename(source)}.o`) }));
  const queue = [...objects];
  const compileAll = async () => {
    for (let next = queue.pop(); next; next = queue.pop())
      await runOrThrow(basename(next.source), ["clang", ...flags, include, "-c", next.source, "-o", next.object], {
        env: environment,
      });
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, compileAll));
  const link = ["clang", ...objects.map(({ object }) => object), "-lm", "-lpthread", "-o", `${program}.tmp`];
  await runOrThrow("kernels-test", link, { env: environment });
  renameSync(`${program}.tmp`, program);
  return program;
}
