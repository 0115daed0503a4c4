import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const sourcesFolder = join(import.meta.dir, "..", "..", "swift", "Sources");
const system = ["Darwin", "Glibc", "Dispatch"];

/** What each target may import. Foundation is nowhere: the Linux library carries none of it. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  // Engine: diagnostics, which Core ML's API does not have.
  TensorLogic: ["CoreML", "Metal", "Engine", "MIL", "CTensorLogic", "Kernels", "CryptoKit"],
  CoreML: ["Engine", "MIL", "Metal", "Kernels"],
  Metal: ["Kernels", "Shaders"],
  Engine: ["MIL", "Kernels"],
  MIL: ["Kernels"],
};

function forbidden(target: string, text: string): string[] {
  const imports = text.matchAll(
    /^\s*(?:@\w+(?:\(\w+\))?\s+)*import\s+(?:(?:class|struct|protocol|enum|func)\s+)?(\w+)/gm,
  );
  return [...imports].map(([, name]) => name!).filter((name) => ![...system, ...allowed[target]!].includes(name));
}

test.each(Object.keys(allowed))("%s imports only what the layers allow", (target) => {
  const files = [...new Bun.Glob("**/*.swift").scanSync({ cwd: join(sourcesFolder, target) })];
  expect(files.length).toBeGreaterThan(0);
  const found = files.flatMap((file) =>
    forbidden(target, readFileSync(join(sourcesFolder, target, file), "utf8")).map((name) => `${file}: ${name}`),
  );
  expect(found).toEqual([]);
});

test("another arrow is found", () => {
  expect(forbidden("TensorLogic", "import Foundation\n@_spi(Portable) import CoreML\n")).toEqual(["Foundation"]);
  expect(forbidden("Metal", "@_exported import class Foundation.NSObject\n")).toEqual(["Foundation"]);
});
