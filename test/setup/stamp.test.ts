import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildFlags, hashSources, isFresh, publish, readStamp } from "../../scripts/setup/stamp.ts";
import { temporaryFolder } from "./temporary.ts";

function smallPackage() {
  const folder = temporaryFolder();
  folder.write("Package.swift", "// swift-tools-version:5.9\n");
  folder.write("Sources/A/a.swift", "let a = 1\n");
  folder.write("Sources/K/include/k.h", "int k(void);\n");
  return folder;
}

test("every kind of source changes the hash", () => {
  using folder = smallPackage();
  const before = hashSources(folder.path, []);
  for (const name of ["Package.swift", "Sources/A/a.swift", "Sources/K/include/k.h"]) {
    const path = join(folder.path, name);
    const old = readFileSync(path, "utf8");
    writeFileSync(path, `${old} `);
    expect(hashSources(folder.path, []), name).not.toBe(before);
    writeFileSync(path, old);
    expect(hashSources(folder.path, []), name).toBe(before);
  }
});

test("a content that changed under its old size and time changes the hash", () => {
  using folder = smallPackage();
  const before = hashSources(folder.path, []);
  const path = join(folder.path, "Sources/A/a.swift");
  const { atime, mtime, size } = statSync(path);
  writeFileSync(path, "let a = 2\n");
  utimesSync(path, atime, mtime);
  expect(statSync(path).size).toBe(size);
  expect(hashSources(folder.path, [])).not.toBe(before);
});

test("new times alone do not change the hash", () => {
  using folder = smallPackage();
  const before = hashSources(folder.path, []);
  utimesSync(join(folder.path, "Sources/A/a.swift"), new Date(0), new Date(0));
  expect(hashSources(folder.path, [])).toBe(before);
});

test("a file that moves, comes or goes changes the hash", () => {
  using folder = smallPackage();
  using moved = temporaryFolder();
  moved.write("Package.swift", "// swift-tools-version:5.9\n");
  moved.write("Sources/B/a.swift", "let a = 1\n");
  moved.write("Sources/K/include/k.h", "int k(void);\n");
  const before = hashSources(folder.path, []);
  expect(hashSources(moved.path, [])).not.toBe(before);
  folder.write("Sources/A/empty.swift", "");
  expect(hashSources(folder.path, [])).not.toBe(before);
});

test("editors' hidden files do not change the hash, build flags do", () => {
  using folder = smallPackage();
  const before = hashSources(folder.path, []);
  folder.write("Sources/A/.a.swift.swp", "x");
  expect(hashSources(folder.path, [])).toBe(before);
  expect(hashSources(folder.path, ["-Xswiftc", "-O"])).not.toBe(before);
});

test("the Swift runtime is linked in where the system does not bring it", () => {
  expect(buildFlags("linux")).toEqual(["-Xswiftc", "-static-stdlib"]);
  expect(buildFlags("darwin")).toEqual([]);
});

test("a library is fresh only with its own stamp and whole", () => {
  using folder = temporaryFolder();
  const library = join(folder.path, "lib.so");
  const stamp = join(folder.path, "lib.stamp.json");
  expect(isFresh(library, stamp, "h1")).toBe(false);
  publish(folder.write("new", "12345"), library, stamp, "h1");
  expect(isFresh(library, stamp, "h1")).toBe(true);
  expect(isFresh(library, stamp, "h2")).toBe(false);
  writeFileSync(library, "123");
  expect(isFresh(library, stamp, "h1"), "cut short").toBe(false);
});

test("a stamp that is not one counts as none", () => {
  using folder = temporaryFolder();
  for (const text of ["", "{", "null", "{}", '{"sourceHash":1,"libraryByteLength":2}']) {
    expect(readStamp(folder.write("stamp", text)), text).toBeUndefined();
  }
});

test("an interrupted publish leaves no stamp that speaks of the other library", () => {
  using folder = temporaryFolder();
  const library = join(folder.path, "lib.so");
  const stamp = join(folder.path, "lib.stamp.json");
  publish(folder.write("new", "old library"), library, stamp, "h1");
  // The new file is missing: the rename fails after the old stamp went.
  expect(() => publish(join(folder.path, "missing"), library, stamp, "h2")).toThrow();
  expect(existsSync(stamp)).toBe(false);
  expect(isFresh(library, stamp, "h1")).toBe(false);
});
