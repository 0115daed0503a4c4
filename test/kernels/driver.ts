import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { projectRoot } from "../../scripts/setup/paths.ts";
import { runOrThrow } from "../../scripts/setup/run.ts";
import { ensureToolchain } from "../../scripts/setup/toolchain.ts";
import { hostTarget, type Target } from "./target.ts";

const kernels = join(projectRoot, "swift/Sources/Kernels");
const shaders = join(projectRoot, "swift/Sources/Shaders");
const tests = join(projectRoot, "test/kernels");

export const includeFlags = [kernels, shaders, join(projectRoot, "swift/Sources/CTensorLogic")]
  .map((folder) => `-I${join(folder, "include")}`)
  .concat(`-I${join(shaders, "shim")}`, `-I${join(shaders, "metal")}`);

export function findSources(folder: string, pattern: string): string[] {
  return [...new Bun.Glob(pattern).scanSync({ cwd: folder, absolute: true })].sort();
}

async function hashOf(start: string, files: string[]): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256").update(start);
  for (const file of files) hasher.update(`\0${file}\0`).update(await Bun.file(file).text());
  return hasher.digest("hex").slice(0, 16);
}

const flags = ["-O2", "-fPIC", "-g", "-fblocks", "-fno-omit-frame-pointer", "-Wall", "-Wextra"];

/** A source and its object, whose name changes with the source, any header or the flags. */
interface Unit {
  source: string;
  object: string;
  command: string[];
}

async function planUnits(folder: string, compile: string[]): Promise<Unit[]> {
  const fibers = ["group.c", "switch.c"].map((name) => join(shaders, "runtime", name));
  const sources = [...findSources(kernels, "**/*.c"), ...fibers, ...findSources(tests, "*.c")];
  const headers = await hashOf(
    compile.join("\0"),
    [kernels, shaders, tests].flatMap((one) => findSources(one, "**/*.h")),
  );
  return Promise.all(
    sources.map(async (source) => {
      const object = join(folder, `${basename(source)}-${await hashOf(headers, [source])}.o`);
      return { source, object, command: [...compile, "-c", source, "-o", object] };
    }),
  );
}

interface Plan {
  folder: string;
  units: Unit[];
  program: string;
}

async function planDriver(target: Target): Promise<Plan> {
  const folder = join(projectRoot, "swift/.build/kernels-test", target.name);
  const units = await planUnits(folder, ["clang", ...flags, ...target.compileFlags, ...includeFlags]);
  const names = units.map(({ object }) => object);
  return { folder, units, program: join(folder, `kernels-test-${await hashOf(JSON.stringify([target, names]), [])}`) };
}

/**
 * The kernels, the shaders' fibers and the C tests of both as one program, compiled by the toolchain's clang with the
 * flags that SwiftPM gives to a release build. What did not change is kept.
 */
export async function buildDriver(target: Target = hostTarget): Promise<string> {
  const { folder, units, program } = await planDriver(target);
  const objects = units.map(({ object }) => object);
  if (existsSync(program) && objects.every((object) => existsSync(object))) return program;
  const { environment } = await ensureToolchain();
  mkdirSync(folder, { recursive: true });
  const queue = units.filter(({ object }) => !existsSync(object));
  const compileAll = async () => {
    for (let next = queue.pop(); next; next = queue.pop())
      await runOrThrow(basename(next.source), next.command, { env: environment });
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, compileAll));
  const { before, after } = target.link;
  const link = ["clang", ...before, ...objects, ...after, "-o", `${program}.tmp`];
  await runOrThrow("kernels-test", link, { env: environment });
  renameSync(`${program}.tmp`, program);
  for (const file of findSources(folder, "*")) if (file !== program && !objects.includes(file)) rmSync(file);
  return program;
}

export interface StaticVariant {
  /** Further C sources. */
  sources: string[];
  linkFlags: string[];
  /** One of the kernels' sources, by its name, that is compiled again with further flags. */
  again: { name: string; flags: string[] };
}

/** The host's program without shared libraries, in a variant. */
export async function buildStaticDriver({ sources, linkFlags, again }: StaticVariant): Promise<string> {
  const program = `${await buildDriver()}-static`;
  const { environment } = await ensureToolchain();
  const { folder, units } = await planDriver(hostTarget);
  const replaced = units.find(({ source }) => basename(source) === again.name);
  if (!replaced) throw new Error(`The kernels have no source ${again.name}.`);
  const object = join(folder, `${again.name}.again.o`);
  const command = ["clang", ...flags, ...again.flags, ...includeFlags, "-c", replaced.source, "-o", object];
  await runOrThrow(again.name, command, { env: environment });
  const inputs = [...sources, object, ...units.filter((unit) => unit !== replaced).map((unit) => unit.object)];
  const link = ["clang", "-static", "-s", ...linkFlags, ...inputs, "-lm", "-lpthread", "-o", program];
  await runOrThrow("kernels-test, static", link, { env: environment });
  return program;
}
