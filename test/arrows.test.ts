import { expect, test } from "bun:test";
import { Glob } from "bun";
import { dirname, join, relative } from "node:path";

const source = join(import.meta.dir, "..", "src");

/** Layers of src/, each with what it may import besides its own files. */
const layers: Readonly<Record<string, readonly string[]>> = {
  leaf: [],
  native: ["leaf"],
  image: ["leaf", "native"],
  library: ["leaf", "native", "image", "shaders"],
  index: ["leaf", "native", "image", "library"],
  cli: ["leaf", "library", "index", "scripts"],
};

const leafFiles = new Set(["errors.ts", "env.ts", "dtype.ts", "shape.ts", "nested.ts", "schema.ts"]);

function layerOf(file: string): string {
  if (file.endsWith(".metal")) return "shaders";
  if (file.startsWith("..")) return "scripts";
  if (file.startsWith("native/")) return "native";
  if (file.startsWith("image/")) return "image";
  if (file.startsWith("cli/")) return "cli";
  if (file === "index.ts") return "index";
  return leafFiles.has(file) ? "leaf" : "library";
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import|import\()\s*"([^"]+)"/g)].map((match) => match[1]!);
}

/** Every import that its layer does not allow, as `file → target`. */
function forbiddenImports(file: string, text: string): string[] {
  const from = layerOf(file);
  return importsOf(text).flatMap((target) => {
    if (target === "bun:ffi") return from === "native" ? [] : [`${file} → ${target}`];
    if (!target.startsWith(".")) return [];
    const to = layerOf(relative(source, join(source, dirname(file), target)));
    return to === from || layers[from]!.includes(to) ? [] : [`${file} (${from}) → ${target} (${to})`];
  });
}

test("every import follows the layers, and only src/native imports bun:ffi", async () => {
  const files = await Array.fromAsync(new Glob("**/*.ts").scan(source));
  expect(files.length).toBeGreaterThan(30);
  const texts = await Promise.all(files.map((file) => Bun.file(join(source, file)).text()));
  expect(files.flatMap((file, i) => forbiddenImports(file, texts[i]!))).toEqual([]);
});

test("the rule sees a forbidden arrow", () => {
  expect(forbiddenImports("tensor.ts", 'import { ptr } from "bun:ffi";')).toHaveLength(1);
  expect(forbiddenImports("native/tensor.ts", 'import { Tensor } from "../tensor.ts";')).toHaveLength(1);
  expect(forbiddenImports("model.ts", 'const m = await import("./cli/main.ts");')).toHaveLength(1);
});

test("nothing but src/env.ts reads process.env", async () => {
  const files = await Array.fromAsync(new Glob("**/*.ts").scan(source));
  const readers: string[] = [];
  for (const file of files) {
    const text = await Bun.file(join(source, file)).text();
    if (file !== "env.ts" && /process\.env/.test(text)) readers.push(file);
  }
  expect(readers).toEqual([]);
});
