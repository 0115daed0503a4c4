import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

// Shaders that are compiled with the library are generated (scripts/generate-shaders.ts); nothing of it may be stale.

const folder = join(import.meta.dir, "..", "..", "swift", "Sources", "Shaders");
const shaders = [...new Bun.Glob("*.metal").scanSync({ cwd: join(folder, "metal") })]
  .map((file) => basename(file, ".metal"))
  .sort();
const read = (...path: string[]) => readFileSync(join(folder, ...path), "utf8");

test("the list has every shader with the hash of its source", () => {
  const listed = [...read("generated", "list.inc").matchAll(/TLM_SHADER\((\w+), "(\w+)"\)/g)].map(([, name, hash]) => [
    name,
    hash,
  ]);
  const hash = (name: string) => new Bun.CryptoHasher("sha256").update(read("metal", `${name}.metal`)).digest("hex");
  expect(listed).toEqual(shaders.map((name) => [name, hash(name)]));
});

test("each translation is of that source", () => {
  const list = read("generated", "list.inc");
  for (const name of shaders) {
    const hash = /SHA-256 of the source: (\w+)/.exec(read("generated", `${name}.inc`))?.[1];
    expect(list).toContain(`TLM_SHADER(${name}, "${hash}")`);
  }
});

test("each is compiled for every instruction set", () => {
  const included = [...read("runtime", "shaders_template.h").matchAll(/generated\/(\w+)\.inc/g)].map(
    ([, name]) => name,
  );
  expect(included.toSorted()).toEqual(shaders);
});

// The flag that makes float of literals without a suffix is not there when the library is compiled (shader_settings.h).
test("every literal says its type", () => {
  const untyped = /(?<![\w.])(\d+\.\d*|\.\d+|\d+(?=e))(e[+-]?\d+)?(?![\w.])/gi;
  const code = (name: string) => read("metal", `${name}.metal`).replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, "");
  expect("x * 0.5 + 1e-5 - 2.5f * 3.0h + a.x + 4".match(untyped)).toEqual(["0.5", "1e-5"]);
  for (const name of shaders) expect([name, ...(code(name).match(untyped) ?? [])]).toEqual([name]);
});

test.skipIf(process.platform !== "linux")("none needs a compiler at run time", async () => {
  const script = `
    import { metal, Tensor } from "./src/index.ts";
    const queue = metal.device().queue();
    const y = queue.operations.softmax(Tensor.zeros([1, 4]));
    await queue.finished();
    console.log(y.toArray().join());
    try { metal.device().compile("kernel void f() {} // " + Math.random()); } catch (error) { console.log(error.message); }
  `;
  const root = join(import.meta.dir, "..", "..");
  const child = Bun.spawnSync([process.execPath, "-e", script], {
    cwd: root,
    env: {
      ...process.env,
      PATH: "/nowhere",
      TENSORLOGIC_CACHE: join(root, "dist", "empty-cache"),
      TENSORLOGIC_CLANG: "",
    },
  });
  const [first, second] = child.stdout.toString().split("\n");
  expect(first).toBe("0.25,0.25,0.25,0.25");
  expect(second).toContain("install the package clang");
});
