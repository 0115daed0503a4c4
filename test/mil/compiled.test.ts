import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compiled, program } from "./compiled-program.ts";
import { read, refusal } from "./mil-dump.ts";
import { field, message } from "./protobuf.ts";
import { fixtures, Folder, specification, weights } from "./temporary.ts";

/** coremldata.bin as seen in compiled models: a header, the description behind its length, a trailer. */
function container(description: Uint8Array): Uint8Array {
  const number = (value: number) => new Uint8Array(new BigUint64Array([BigInt(value)]).buffer);
  return message(
    number(502),
    new Uint8Array(20),
    number(7),
    new TextEncoder().encode("generic"),
    new Uint8Array(31),
    number(description.length),
    description,
    number(502),
    number(0),
  );
}

const x = field(
  1,
  message(
    field(1, "x"),
    field(2, "in words"),
    field(3, message(field(5, message(field(1, 2), field(2, 65568))), field(1000, 1))),
  ),
);
const y = field(10, message(field(1, "y"), field(3, field(5, message(field(1, 2), field(2, 65552))))));
const description = message(x, y, field(100, message(field(1, "a test"), field(3, "somebody"))));

test("features and metadata come from the embedded description", () => {
  using folder = new Folder();
  const model = read(compiled(folder, program(""), { "coremldata.bin": container(description) }));
  expect(model.functions[0]!.inputs).toMatchObject([{ name: "x", optional: true, description: "in words" }]);
  expect(model.functions[0]!.outputs[0]!.kind).toContain("float16");
  expect(model.metadata).toMatchObject({ shortDescription: "a test", author: "somebody" });
  expect({ format: model.format, version: model.specificationVersion }).toEqual({ format: "mlmodelc", version: 7 });
});

const metadata = [
  {
    specificationVersion: 8,
    author: "somebody",
    userDefinedMetadata: { key: "value" },
    inputSchema: [
      { name: "x", type: "MultiArray", dataType: "Float16", shape: "[2]", shapeRange: "[[1, 4]]", isOptional: "1" },
    ],
    outputSchema: [{ name: "y", type: "Image", width: "4", height: "3", colorspace: "RGB" }],
  },
];

test("without it from metadata.json", () => {
  using folder = new Folder();
  const model = read(
    compiled(folder, program(""), {
      "coremldata.bin": "nothing of use here",
      "metadata.json": JSON.stringify(metadata),
    }),
  );
  expect(model.functions[0]!.inputs).toEqual([
    {
      name: "x",
      kind: "multiArray(shape: [2], dataType: ArrayDataType.float16, flexibility: ShapeFlexibility.ranges([SizeRange(lower: 1, upper: Optional(4))]), defaultValue: nil)",
      optional: true,
      description: "",
    },
  ] as unknown as (typeof model.functions)[0]["inputs"]);
  expect(model.functions[0]!.outputs[0]!.kind).toContain("image(width: 4, height: 3, colorSpace: ColorSpace.rgb");
  expect(model.specificationVersion).toBe(8);
  expect(model.metadata).toMatchObject({ author: "somebody", userDefined: { key: "value" } });
});

test("without that from the signature and its flexible shapes", () => {
  using folder = new Folder();
  const shapes = `[FlexibleShapeInformation = tuple<tuple<tensor<string, []>, dict<tensor<string, []>, tensor<int32, [?]>>>, tuple<tensor<string, []>, dict<tensor<string, []>, list<tensor<int32, [2]>, ?>>>>((("DefaultShapes", {{"x", [1, 8]}}), ("RangeDims", {{"x", [[1, 1], [1, -1]]}})))]`;
  const enumerated = `[FlexibleShapeInformation = tuple<tuple<tensor<string, []>, dict<tensor<string, []>, tensor<int32, [?]>>>>((("DefaultShapes", {{"x", [1, 8]}}), ("EnumeratedShapes", {{"first", {{"x", [1, 8]}}}, {"second", {{"x", [1, 16]}}}})))]`;
  const text = (attributes: string) => `program(1.0)
{
    func main<ios15>(tensor<int32, [1, ?]> x) ${attributes} {
            tensor<fp16, [1, ?]> y = cast(dtype = tensor<string, []>("fp16"), x = x)[name = tensor<string, []>("y")];
        } -> (y);
}`;
  const kind = (attributes: string) => read(compiled(folder, text(attributes))).functions[0]!.inputs[0]!.kind;
  expect(kind(shapes)).toContain(
    "shape: [1, 8], dataType: ArrayDataType.int32, flexibility: ShapeFlexibility.ranges([SizeRange(lower: 1, upper: Optional(1)), SizeRange(lower: 1, upper: nil)])",
  );
  expect(kind(enumerated)).toContain("ShapeFlexibility.enumerated([[1, 8], [1, 16]])");
  expect(kind("")).toContain("shape: [1, 1], dataType: ArrayDataType.int32, flexibility: ShapeFlexibility.fixed");
});

test("weights lie in the bundle", () => {
  using folder = new Folder();
  const source = join(fixtures, "models/linear/model.mlpackage");
  const weight = read(source)
    .program.main!.block.operations.flatMap(({ attributes }) => Object.values(attributes))
    .find(({ value }) => String(value).includes("bytes)"))!;
  const text = program(
    `${weight.type} w = const()[val = ${weight.type}(BLOBFILE(path = tensor<string, []>("@model_path/weights/weight.bin"), offset = tensor<uint64, []>(64)))];`,
  );
  const path = compiled(folder, text, { "weights/weight.bin": readFileSync(join(source, weights)) });
  expect(read(path).program.main!.block.operations[0]!.attributes.val!.type).toBe(weight.type);
});

test.each<[string, Record<string, string | Uint8Array>, RegExp]>([
  [
    "neural network",
    { "model.espresso.net": "{}", "coremldata.bin": "x" },
    /a compiled neural network \(Espresso\).*Load the \.mlmodel or \.mlpackage/,
  ],
  ["pipeline", { "model0/coremldata.bin": "x", "coremldata.bin": "x" }, /a compiled pipeline/],
  ["tree ensemble", { "coremldata.bin": Uint8Array.of(0x92, 1, 0, 0) }, /a compiled treeEnsembleClassifier/],
  [
    "ML program without its text",
    { "coremldata.bin": Uint8Array.of(0xf6, 1, 0, 0) },
    /^notFound: .*model\.mil: the compiled program is missing/,
  ],
])("a compiled %s is refused by name", (_, files, expected) => {
  using folder = new Folder();
  for (const [name, content] of Object.entries(files)) folder.write(`m.mlmodelc/${name}`, content);
  expect(refusal(join(folder.path, "m.mlmodelc"))).toMatch(expected);
});

test("files of the bundle may not be links to the outside", () => {
  using folder = new Folder();
  const path = compiled(folder, program(""));
  folder.write("outside.json", "[]");
  folder.link("m.mlmodelc/metadata.json", "../outside.json");
  expect(refusal(path)).toMatch(/symbolic link to .*outside\.json, outside the package/);
});

test("a description and a program of different features", () => {
  using folder = new Folder();
  const other = program("").replace("[2]> x)", "[2]> x, tensor<fp32, [2]> z)");
  expect(refusal(compiled(folder, other, { "coremldata.bin": container(description) }))).toMatch(
    /input 'z' of function 'main' is not in the description/,
  );
});

test("a damaged metadata.json is named", () => {
  using folder = new Folder();
  expect(refusal(compiled(folder, program(""), { "metadata.json": "[{]" }))).toMatch(
    /metadata\.json: JSON offset 2: expected a key in quotes/,
  );
  expect(refusal(compiled(folder, program(""), { "metadata.json": "{}" }))).toMatch(
    /an object, expected an array with one object/,
  );
});

test("a package's specification inside a .mlmodelc folder is not taken for the program", () => {
  using folder = new Folder();
  const path = compiled(folder, "", {
    "coremldata.bin": readFileSync(join(fixtures, "models/add_one/model.mlpackage", specification)),
  });
  expect(refusal(path)).toMatch(/model\.mil: the file is empty/);
});
