import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { libraryName } from "../../scripts/setup/ensure.ts";
import { projectRoot } from "../../scripts/setup/paths.ts";
import { temporaryFolder } from "./temporary.ts";

/** A project of the same shape with a library of two lines: what is tested is who builds when. */
const project = temporaryFolder();
const source = join(project.path, "swift/Sources/TensorLogic/answer.swift");
const library = join(project.path, "dist", libraryName);
const node = process.execPath;

function startSetup(environment: Record<string, string> = {}) {
  return Bun.spawn([node, join(project.path, "scripts/setup.ts")], {
    env: { ...process.env, TENSORLOGIC_LIB: undefined, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

type TextReader = { read(): Promise<{ done: boolean; value?: Uint8Array }> };

/** What was read until `text` appeared in it, or until the end. */
async function readUntil(reader: TextReader, text?: string) {
  let seen = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (value !== undefined) seen += new TextDecoder().decode(value);
    if (done || (text !== undefined && seen.includes(text))) return seen;
  }
}

async function setUp(environment: Record<string, string> = {}) {
  const child = startSetup(environment);
  const [log, code] = await Promise.all([child.stderr.text(), child.exited]);
  return { log: log.trim().split("\n"), code };
}

beforeAll(async () => {
  mkdirSync(join(project.path, "scripts"));
  cpSync(join(projectRoot, "scripts/setup"), join(project.path, "scripts/setup"), { recursive: true });
  cpSync(join(projectRoot, "scripts/setup.ts"), join(project.path, "scripts/setup.ts"));
  project.write("package.json", '{ "name": "small" }');
  project.write(
    "swift/Package.swift",
    `// swift-tools-version:5.9
import PackageDescription
let package = Package(
  name: "tensorlogic",
  products: [.library(name: "tensorlogic", type: .dynamic, targets: ["TensorLogic"])],
  targets: [.target(name: "TensorLogic")])
`,
  );
  project.write("swift/Sources/TensorLogic/answer.swift", '@_cdecl("answer") public func answer() -> Int32 { 42 }\n');
});

afterAll(() => project[Symbol.dispose]());

// The tests below go through one project's life, in this order: each build takes seconds.

test("two at once on a fresh clone: one builds, the other waits and finds it done", async () => {
  const first = startSetup();
  const reader = first.stderr.getReader();
  const building = await readUntil(reader, "Building ");
  // Held while it has the lock, so that the second has to wait however fast the machine builds.
  first.kill("SIGSTOP");
  const second = startSetup();
  const secondReader = second.stderr.getReader();
  const waiting = await readUntil(secondReader, "Waiting: ");
  first.kill("SIGCONT");
  const logs = [building + (await readUntil(reader)), waiting + (await readUntil(secondReader))];
  expect([await first.exited, await second.exited]).toEqual([0, 0]);
  expect(logs[0]).toMatch(/^Building .*: done/m);
  expect(logs[1]).toContain(`Waiting: process ${first.pid} is setting up`);
  expect(logs[1]).not.toContain("Building ");
  expect(statSync(library).size).toBeGreaterThan(0);
});

test("what is left is the library and its stamp", () => {
  expect(readdirSync(join(project.path, "dist")).sort()).toEqual([libraryName, "libtensorlogic.stamp.json"].sort());
});

test("nothing changed: nothing is done, and no other program is needed", async () => {
  utimesSync(source, new Date(), new Date());
  const { log, code } = await setUp({ PATH: "/nowhere" });
  expect(log).toEqual([`Ready: ${library}`]);
  expect(code).toBe(0);
});

test("sources that do not compile: the compiler's error, code 1, and the old library stays", async () => {
  const old = readFileSync(source, "utf8");
  appendFileSync(source, "let broken: Int = nothing\n");
  const { log, code } = await setUp();
  expect(code).toBe(1);
  expect(log.join("\n")).toContain("error: cannot find 'nothing' in scope");
  expect(existsSync(library)).toBe(true);
  await Bun.write(source, old);
  expect((await setUp({ PATH: "/nowhere" })).log).toEqual([`Ready: ${library}`]);
});

test("killed in the middle of a build: the next run takes the lock over and builds", async () => {
  appendFileSync(source, '@_cdecl("more") public func more() -> Int32 { 43 }\n');
  const child = startSetup();
  const reader = child.stderr.getReader();
  await reader.read(); // "Building …"
  child.kill("SIGKILL");
  await child.exited;
  const { log, code } = await setUp();
  expect(code).toBe(0);
  expect(log.some((line) => /^Building .*: done/.test(line))).toBe(true);
  expect(readFileSync(library).includes("more")).toBe(true);
});

test("a library of the user's own is not built; one that does not exist is an error", async () => {
  appendFileSync(source, "// changed\n");
  const own = project.write("own.so", "");
  expect((await setUp({ TENSORLOGIC_LIB: own })).log).toEqual([`Ready: ${own}`]);
  const missing = await setUp({ TENSORLOGIC_LIB: "/nowhere.so" });
  expect(missing).toEqual({ log: ["TENSORLOGIC_LIB names /nowhere.so, which does not exist."], code: 1 });
});
