import { expect, test } from "bun:test";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dumpAll, read, refusal } from "./mil-dump.ts";
import { fixtures, Folder, specification } from "./temporary.ts";

const manifestOf = (path: string) => join(path, "Manifest.json");

/** A copy of the package add_one with its manifest's text changed. */
function withManifest(folder: Folder, change: (text: string) => string): string {
  const path = folder.copy("add_one");
  const before = readFileSync(manifestOf(path), "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(manifestOf(path), after);
  return path;
}

test("every fixture is read", () => {
  const folders = readdirSync(join(fixtures, "models")).map((name) => join(fixtures, "models", name));
  const manifests = folders.map((folder) => JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")));
  const results = dumpAll(folders.map((folder, n) => join(folder, manifests[n].model)));
  expect(results.filter(({ error }) => error)).toEqual([]);
  expect(results.map(({ format, kind }) => `${format} ${kind}`)).toEqual(
    manifests.map(({ model, model_type }) => `${model.split(".")[1]} ${model_type}`),
  );
});

test("features, graph and constants of a small model", () => {
  const model = read(join(fixtures, "models/add_one/model.mlpackage"));
  expect(model.functions[0]!.inputs).toEqual([
    {
      name: "x",
      kind: "multiArray(shape: [1, 8], dataType: ArrayDataType.float16, flexibility: ShapeFlexibility.fixed, defaultValue: nil)",
      optional: false,
      description: "",
    },
  ] as unknown as (typeof model.functions)[0]["inputs"]);
  const { opset, inputs, block } = model.program.main!;
  expect({ opset, inputs, outputs: block.outputs }).toEqual({
    opset: "CoreML6",
    inputs: ["x: tensor<fp16, [1, 8]>"],
    outputs: ["y"],
  });
  const one = block.operations.find(({ type }) => type === "const")!;
  expect(one.attributes.val).toEqual({ type: "tensor<fp16, []>", value: "003c" });
  expect(model.operations).toEqual({ "ios16.add": 1 });
});

test("layers and weights of a neural network are counted", () => {
  const { operations, quantization } = read(join(fixtures, "models/nn_quantized/model.mlmodel"));
  expect(operations).toEqual({ batchnorm: 1, convolution: 1, innerProduct: 3 });
  expect(quantization).toBe("INT3");
  const inside = read(join(fixtures, "models/nn_loop/model.mlmodel")).operations;
  expect([inside.loop, inside.branch, inside.loopBreak, inside.loopContinue]).toEqual([1, 2, 1, 1]);
});

test.each([
  ["flexible_range", "flexibility: ShapeFlexibility.ranges"],
  ["flexible_enumerated", "flexibility: ShapeFlexibility.enumerated"],
  ["image_bgr", "colorSpace: ColorSpace.bgr"],
  ["image_gray_f16", "colorSpace: ColorSpace.grayscaleFloat16"],
])("%s: an input with %s", (name, expected) => {
  const [main] = read(join(fixtures, "models", name, "model.mlpackage")).functions;
  expect(main!.inputs.map(({ kind }) => kind).join()).toContain(expected);
});

test("optional inputs, states, several functions, storage precision", () => {
  const [optional, stateful, functions, constexpr] = [
    "optional_input",
    "stateful",
    "multi_function_plus",
    "constexpr",
  ].map((name) => read(join(fixtures, "models", name, "model.mlpackage")));
  expect(optional!.functions[0]!.inputs.map((feature) => feature.optional).sort()).toEqual([false, true]);
  expect(stateful!.functions[0]!.states.map(({ name }) => name)).toEqual(["total"]);
  expect(functions!.functions.map(({ name }) => name).sort()).toEqual(["plus", "times"]);
  expect(functions!.defaultFunction).toBe("plus");
  expect(["INT8", "LUT4"]).toContain(constexpr!.quantization);
});

test.each<[string, (text: string) => string, RegExp]>([
  ["not JSON", () => "{ nonsense", /^malformed: .*Manifest\.json: JSON offset 2: expected a key in quotes/],
  ["a key twice", (text) => text.replace("{", '{"fileFormatVersion": "1.0.0",'), /"fileFormatVersion" is there twice/],
  ["deep nesting", () => "[".repeat(100_000), /expected at most 64 nested values/],
  ["half a surrogate pair", (text) => text.replace("com.apple.CoreML", "\\ud83d"), /surrogate/],
  [
    "a newer version",
    (text) => text.replace('"1.0.0"', '"2.0.0"'),
    /^unsupported: .*format version 2\.0\.0, expected 1\.0\.0/,
  ],
  [
    "a version that is none",
    (text) => text.replace('"1.0.0"', '"one"'),
    /fileFormatVersion is a string "one", expected three numbers/,
  ],
  [
    "no version",
    (text) => text.replace("fileFormatVersion", "version"),
    /fileFormatVersion is missing, expected a string/,
  ],
  ["no root", (text) => text.replace("rootModelIdentifier", "root"), /rootModelIdentifier is missing/],
  [
    "an unknown root",
    (text) => text.replace(/("rootModelIdentifier": ")[^"]*/, "$1nobody"),
    /root model 'nobody' is not among the items/,
  ],
  ["an item without author", (text) => text.replace('"author"', '"writer"'), /author is missing, expected a string/],
  [
    "a path that is a number",
    (text) => text.replace(/"path": "[^"]*"/, '"path": 7'),
    /path is a number 7, expected a string/,
  ],
  [
    "a path upwards",
    (text) => text.replace("com.apple.CoreML/model.mlmodel", "../../x"),
    /"\.\.\/\.\.\/x" is outside the package/,
  ],
  [
    "an absolute path",
    (text) => text.replace("com.apple.CoreML/model.mlmodel", "/etc/passwd"),
    /"\/etc\/passwd" is outside the package/,
  ],
  [
    "a missing file",
    (text) => text.replace("com.apple.CoreML/model.mlmodel", "other.mlmodel"),
    /^notFound: .*Data\/other\.mlmodel: no such file/,
  ],
])("manifest with %s", (_, change, expected) => {
  using folder = new Folder();
  const path = withManifest(folder, change);
  expect(refusal(path)).toMatch(expected);
  expect(refusal(path)).toContain(path);
});

test("a path through .. that stays inside the package is taken", () => {
  using folder = new Folder();
  expect(
    read(withManifest(folder, (text) => text.replace("com.apple.CoreML/", "com.apple.CoreML/../com.apple.CoreML/")))
      .kind,
  ).toBe("mlProgram");
});

test("a symbolic link that leaves the package is refused, one inside is taken", () => {
  using folder = new Folder();
  const path = folder.copy("add_one");
  renameSync(join(path, specification), join(path, "Data/moved.mlmodel"));
  folder.link(join("add_one.mlpackage", specification), "../moved.mlmodel");
  expect(read(path).kind).toBe("mlProgram");
  renameSync(join(path, "Data/moved.mlmodel"), join(folder.path, "outside.mlmodel"));
  folder.link(join("add_one.mlpackage", specification), "../../../outside.mlmodel");
  expect(refusal(path)).toMatch(/symbolic link to .*outside\.mlmodel, outside the package/);
});

test("a package without its weights folder, and one with an LFS pointer in place of the model", () => {
  using folder = new Folder();
  const linear = folder.copy("linear");
  rmSync(join(linear, "Data/com.apple.CoreML/weights"), { recursive: true });
  expect(refusal(linear)).toMatch(/^notFound: .*com\.apple\.CoreML\/weights: .*missing/);
  const pointer = folder.copy("add_one");
  writeFileSync(join(pointer, specification), "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
  expect(refusal(pointer)).toMatch(/^notFound: .*Git LFS pointer .* git lfs pull/);
});
