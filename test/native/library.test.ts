import { expect, test } from "bun:test";
import { join } from "node:path";
import { checkBunVersion, libraryCandidates } from "../../src/native/library.ts";

const root = join(import.meta.dir, "..", "..");

test.each(["1.3.9", "0.8.1"])("Bun %s is refused with the way out", (version) => {
  expect(() => checkBunVersion(version)).toThrow(`Bun ${version} is too old: tensorlogic needs Bun 1.4 or newer`);
});

test.each(["1.4.0", "1.10.0", "2.0.1", "1.4.5-canary.1"])("Bun %s is taken", (version) => {
  checkBunVersion(version);
});

test("TENSORLOGIC_LIB comes before everything else", () => {
  const before = process.env.TENSORLOGIC_LIB;
  process.env.TENSORLOGIC_LIB = "/somewhere/lib.so";
  expect(libraryCandidates()).toEqual(["/somewhere/lib.so"]);
  delete process.env.TENSORLOGIC_LIB;
  expect(libraryCandidates()[0]).toStartWith(join(root, "dist"));
  if (before !== undefined) process.env.TENSORLOGIC_LIB = before;
});

async function loadWith(library: string): Promise<{ code: number; text: string }> {
  const script =
    'import { Tensor } from "./src/index.ts"; try { Tensor.zeros([1]); } catch (e) { console.log(e.name, e.code, e.message); process.exit(3); }';
  const child = Bun.spawn([process.execPath, "-e", script], {
    cwd: root,
    env: { ...process.env, TENSORLOGIC_LIB: library },
    stdout: "pipe",
  });
  return { text: await child.stdout.text(), code: await child.exited };
}

test("a library that is not there is named, with the command that builds it", async () => {
  const { code, text } = await loadWith("/nowhere/libtensorlogic.so");
  expect(text).toContain("LibraryError LIBRARY the native library was not found at /nowhere/libtensorlogic.so");
  expect(text).toContain("bun run infer");
  expect(code).toBe(3);
});

test("a file that is no library is named with the loader's reason", async () => {
  const { code, text } = await loadWith(join(root, "package.json"));
  expect(text).toContain("LibraryError LIBRARY the native library");
  expect(text).toContain("package.json cannot be loaded");
  expect(code).toBe(3);
});
