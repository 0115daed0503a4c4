import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { bunRun, projectRoot, type ShellResult } from "../support/shell.ts";
import { temporaryFolder } from "../setup/temporary.ts";

const folder = temporaryFolder();
const home = join(folder.path, "home");
const scratch = join(folder.path, "tmp");
const empty = join(folder.path, "empty");
const classify = join(folder.path, "classify");

/** Starts a program as on a machine that has nothing: no PATH, an empty home, a temporary folder of its own. */
async function start(program: string, args: string[], env: Record<string, string> = {}): Promise<ShellResult> {
  const child = Bun.spawn([program, ...args], {
    cwd: empty,
    env: { HOME: home, TMPDIR: scratch, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}

beforeAll(async () => {
  for (const path of [home, scratch, empty]) mkdirSync(path);
  copyFileSync(join(projectRoot, "models/photos/cat.png"), join(empty, "cat.png"));
  const made = await bunRun("compile", "--model", "models/efficientnet_lite0.mlpackage", "--outfile", classify);
  expect(made.stderr).toBe("");
  expect(made.stdout).toMatch(/^\S+classify {2}\d+\.\d MB\n$/);
}, 60_000);

afterAll(() => folder[Symbol.dispose]());

const classes = (output: string) => output.split("\n").filter((line) => / \d+\.\d% {2}/.test(line));

test("an executable with a model prints what bun run infer prints", async () => {
  const alone = await start(classify, ["cat.png", "--repeat", "0"]);
  expect(alone.stderr).toBe("");
  expect(alone.stdout).toContain("efficientnet_lite0.mlpackage");
  const here = await bunRun("infer", "models/photos/cat.png", "--repeat", "0");
  expect(classes(alone.stdout)).toEqual(classes(here.stdout));
  expect(classes(alone.stdout)).toHaveLength(5);
});

test("several starts leave one library and one unpacked model", async () => {
  await Promise.all([1, 2, 3].map(() => start(classify, ["cat.png", "--repeat", "0"])));
  expect(readdirSync(scratch).filter((name) => name.endsWith(".so"))).toHaveLength(1);
  expect(readdirSync(join(home, ".cache/tensorlogic/models"))).toHaveLength(1);
});

test("what no start has used for 30 days is removed by the next one that unpacks", async () => {
  const models = join(home, ".cache/tensorlogic/models");
  const old = new Date(Date.now() - 31 * 24 * 3600 * 1000);
  for (const name of ["unused", ...readdirSync(models)]) {
    mkdirSync(join(models, name), { recursive: true });
    utimesSync(join(models, name), old, old);
  }
  expect((await start(classify, ["describe"])).code).toBe(0);
  expect(readdirSync(models)).toContain("unused"); // nothing to unpack, nothing removed; but it is marked as used
  const kept = readdirSync(models).find((name) => name !== "unused");
  const other = join(folder.path, "other");
  await bunRun("compile", "--model", "test/fixtures/models/add_one/model.mlpackage", "--outfile", other);
  expect((await start(other, ["describe"])).code).toBe(0);
  expect(readdirSync(models)).toContain(kept!);
  expect(readdirSync(models)).not.toContain("unused");
  expect(readdirSync(models)).toHaveLength(2);
});

test("without arguments: the usage, code 2; --help: the usage, code 0; describe takes no other model", async () => {
  const none = await start(classify, []);
  expect([none.code, none.stdout]).toEqual([2, ""]);
  expect(none.stderr).toContain("run efficientnet_lite0.mlpackage");
  const help = await start(classify, ["--help"]);
  expect([help.code, help.stdout]).toEqual([0, none.stderr]);
  const other = await start(classify, ["describe", "cat.png"]);
  expect([other.code, other.stderr]).toEqual([
    2,
    "error: cat.png: describe takes one model\nclassify describe --help tells the usage\n",
  ]);
});

test("a temporary folder that cannot be used is named, with the way out", async () => {
  const { code, stderr } = await start(classify, ["cat.png"], { TMPDIR: "/nowhere" });
  expect(code).toBe(1);
  expect(stderr).toContain(
    "/nowhere cannot be written, or does not exist: set TMPDIR to a folder that can hold programs",
  );
});

test("a cache folder that cannot be written is named, with the way out", async () => {
  const file = folder.write("a-file", "");
  const { code, stderr } = await start(classify, ["cat.png"], { TENSORLOGIC_CACHE: join(file, "cache") });
  expect(code).toBe(1);
  expect(stderr).toContain(`is unpacked into ${file}/cache/models, which cannot be written: set TENSORLOGIC_CACHE`);
});

const canMount = process.getuid?.() === 0 && Bun.which("mount") !== null;
test.skipIf(!canMount)("a temporary folder mounted noexec is named as that", async () => {
  const path = join(folder.path, "noexec");
  mkdirSync(path);
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "noexec,size=64m", "tmpfs", path]);
  if (!mounted.success) return; // a container that may not mount
  try {
    const { code, stderr } = await start(classify, ["cat.png"], { TMPDIR: path });
    expect(code).toBe(1);
    expect(stderr).toContain(`${path} does not allow programs (mounted noexec): set TMPDIR`);
  } finally {
    Bun.spawnSync(["umount", path]);
  }
});

test("without a model inside, the executable takes one", async () => {
  const runner = join(folder.path, "runner");
  expect((await bunRun("compile", "--outfile", runner)).code).toBe(0);
  const model = join(projectRoot, "test/fixtures/models/add_one/model.mlpackage");
  const described = await start(runner, ["describe", model]);
  expect(described.stdout).toContain("CoreML (mlprogram");
  const missing = await start(runner, ["infer"]);
  expect([missing.code, missing.stderr]).toEqual([
    2,
    "error: infer wants a MODEL\nrunner infer --help tells the usage\n",
  ]);
});

test("a user's script in a project of its own compiles with plain bun build --compile", async () => {
  const project = join(folder.path, "consumer");
  mkdirSync(join(project, "node_modules"), { recursive: true });
  symlinkSync(projectRoot, join(project, "node_modules/tensorlogic"));
  await Bun.write(
    join(project, "app.ts"),
    `import { loadModel, Tensor } from "tensorlogic";
using model = await loadModel(process.argv[2]!);
const out = model.predictSync({ [model.inputs[0]!.name]: Tensor.from([1, 2, 3, 4, 5, 6, 7, 8], [1, 8]) });
console.log(...(out[model.outputs[0]!.name] as Tensor).toFloat32());
`,
  );
  const app = join(project, "app");
  const built = Bun.spawnSync([process.execPath, "build", "--compile", "app.ts", "--outfile", app], { cwd: project });
  expect(built.success).toBe(true);
  const { stdout, stderr } = await start(app, [join(projectRoot, "test/fixtures/models/add_one/model.mlpackage")]);
  expect(stderr).toBe("");
  expect(stdout).toBe("2 3 4 5 6 7 8 9\n");
});

test("a model that does not load, or a missing option, is found when compiling", async () => {
  const missing = await bunRun("compile", "--model", "nowhere.mlpackage", "--outfile", join(folder.path, "x"));
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("nowhere.mlpackage")]);
  const noName = await bunRun("compile");
  expect([noName.code, noName.stderr]).toEqual([2, expect.stringContaining("compile wants --outfile NAME")]);
});
