import { expect, test } from "bun:test";
import { compiled, program } from "./compiled-program.ts";
import { read, refusal, type Value } from "./mil-dump.ts";
import { Folder } from "./temporary.ts";

function graph(text: string) {
  using folder = new Folder();
  return read(compiled(folder, text)).program.main!;
}

function constant(type: string, value: string): Value {
  return graph(program(`${type} c = const()[name = string("c"), val = ${value}];`)).block.operations[0]!.attributes
    .val!;
}

function refused(text: string): string {
  using folder = new Folder();
  return refusal(compiled(folder, text));
}

test("the older dialect: scalars are tensors of rank 0, constants named once and used by name", () => {
  const { opset, inputs, block } = graph(`program(1.0)
[buildInfo = dict<tensor<string, []>, tensor<string, []>>({{"coremlc-version", "1"}, {"empty", ""}})]
{
    func main<ios17>(tensor<fp16, [1, 10]> x, tensor<fp16, [1, 10]> z) {
            tensor<int32, []> axis = const()[name = tensor<string, []>("axis"), val = tensor<int32, []>(-1)];
            tensor<fp16, [1, 20]> y = concat(axis = axis, values = (x, z))[name = tensor<string, []>("y")];
        } -> (y);
}`);
  expect({ opset, inputs, outputs: block.outputs }).toEqual({
    opset: "CoreML7",
    inputs: ["x: tensor<fp16, [1, 10]>", "z: tensor<fp16, [1, 10]>"],
    outputs: ["y"],
  });
  expect(block.operations[0]!.attributes.val).toEqual({ type: "tensor<int32, []>", value: "ffffffff" });
  expect(block.operations[1]!.inputs).toEqual({ axis: ["axis"], values: ["x", "z"] });
});

test("the newer dialect: bare scalars, states, operations without outputs, inline values", () => {
  const { inputs, block } = graph(`program(1.3)
{
    func main<ios18>(state<tensor<fp16, [2]>> s, tensor<fp16, [2]> x) {
        string mode = const()[name = string("mode"), val = string("EXACT")];
        tensor<fp16, [2]> r = read_state(input = s)[name = string("r")];
        tensor<fp16, [2]> y = gelu(mode = mode, x = r, extra = true, count = 3, ratio = 0x1p-1, scale = fp16(0x1.8p+1))[name = string("y")];
        write_state(data = y, input = s)[name = string("w")];
    } -> (y);
}`);
  expect(inputs[0]).toBe("s: state<tensor<fp16, [2]>>");
  expect(block.operations.map(({ type, outputs }) => `${type}/${outputs.length}`)).toEqual([
    "const/1",
    "read_state/1",
    "gelu/1",
    "write_state/0",
  ]);
  expect(block.operations[2]!.inputs).toEqual({
    mode: ["mode"],
    x: ["r"],
    extra: [{ type: "tensor<bool, []>", value: "01" }],
    count: [{ type: "tensor<int32, []>", value: "03000000" }],
    ratio: [{ type: "tensor<fp32, []>", value: "0000003f" }],
    scale: [{ type: "tensor<fp16, []>", value: "0042" }],
  });
});

test.each<[string, string, unknown]>([
  ["fp16", "0x1p+0", "003c"],
  ["fp16", "-0x1.388p+13", "e2f0"],
  ["fp16", "0x1p-24", "0100"],
  ["fp16", "0x1.ff8p-15", "ff03"],
  ["fp16", "0x1p-25", "0000"],
  ["fp16", "0x1.8p-24", "0200"],
  ["fp16", "65519", "ff7b"],
  ["fp16", "65520", "007c"],
  ["fp16", "-inf", "00fc"],
  ["fp16", "nan", "007e"],
  ["fp16", "-0x0p+0", "0080"],
  ["fp16", "0.333251953125", "5535"],
  ["bf16", "0x1.018p+0", "813f"],
  ["fp32", "1e-05", "acc52737"],
  ["fp32", "0x1.fffffep+127", "ffff7f7f"],
  ["fp64", "-2", "00000000000000c0"],
  ["bool", "true", "01"],
  ["int8", "-128", "80"],
  ["uint8", "0xff", "ff"],
  ["int64", "-9223372036854775808", "0000000000000080"],
  ["uint64", "18446744073709551615", "ffffffffffffffff"],
  ["int4", "-8", "08"],
  ["string", '"a \\"quoted\\" \\\\ word\\n\\x41 ä"', ['a "quoted" \\ word\nA ä']],
])("%s(%s)", (type, text, expected) => {
  expect(constant(type, `${type}(${text})`).value).toEqual(expected);
  expect(constant(`tensor<${type}, []>`, `tensor<${type}, []>(${text})`).value).toEqual(expected);
});

test("elements in nested brackets, sub-byte types packed from the lowest bit", () => {
  expect(constant("tensor<int8, [2, 2]>", "tensor<int8, [2, 2]>([[1, 2], [3, -1]])").value).toBe("010203ff");
  expect(constant("tensor<int4, [3]>", "tensor<int4, [3]>([1, -1, 7])").value).toBe("f107");
  expect(constant("tensor<uint3, [3]>", "tensor<uint3, [3]>([1, 2, 7])").value).toBe("d101");
  expect(constant("tensor<uint1, [9]>", "tensor<uint1, [9]>([1, 0, 0, 0, 0, 0, 0, 0, 1])").value).toBe("0101");
  expect(constant("tensor<fp16, [0]>", "tensor<fp16, [0]>([])").value).toBe("");
  expect(constant("tensor<string, [2]>", 'tensor<string, [2]>(["a", "b, c"])').value).toEqual(["a", "b, c"]);
  expect(constant("tensor<int32, [?]>", "tensor<int32, [?]>([4, 5])")).toEqual({
    type: "tensor<int32, [2]>",
    value: "0400000005000000",
  });
});

test("parameters of iOS 16 constexpr operations stand in the attributes", () => {
  const [first] = graph(
    program(
      'tensor<fp16, [2]> w = constexpr_lut_to_dense()[indices = tensor<uint8, [1]>([2]), lut = tensor<fp16, [2]>([0x1p+0, 0x1p+1]), name = tensor<string, []>("w"), shape = tensor<uint32, [1]>([2])];',
    ),
  ).block.operations;
  expect(first!.inputs).toEqual({});
  expect(first!.attributes.indices).toEqual({ type: "tensor<uint8, [1]>", value: "02" });
});

test("nested blocks, labelled or not", () => {
  const body = '{ tensor<fp32, [2]> b = relu(x = i)[name = string("b")]; } -> (b)';
  for (const blocks of [
    `(tensor<fp32, [2]> i) ${body}, (tensor<fp32, [2]> i) ${body} [name = string("l")]`,
    `[name = string("l")] block0(tensor<fp32, [2]> i) ${body} block1(tensor<fp32, [2]> i) ${body}`,
  ]) {
    const [loop] = graph(program(`tensor<fp32, [2]> l = while_loop(loop_vars = (x)) ${blocks};`)).block.operations;
    expect(loop!.inputs).toEqual({ loop_vars: ["x"] });
    expect(loop!.attributes.name!.value).toEqual(["l"]);
    expect(loop!.blocks.map(({ inputs, outputs, operations }) => [inputs, outputs, operations.length])).toEqual(
      ["first", "second"].map(() => [["i: tensor<fp32, [2]>"], ["b"], 1]),
    );
  }
});

test.each<[string, string, RegExp]>([
  ["another version", "program(2.0)\n{}", /^unsupported: .*model\.mil: program version 2\.0, expected 1\.0 to 1\.3/],
  ["no program", "hello", /model\.mil:1:1: expected program\(VERSION\), found "hello"/],
  ["no function", "program(1.0)\n{\n}\n", /expected a function in the program/],
  ["an end too early", program("").slice(0, -10), /model\.mil:\d+:\d+: expected .*, found/],
  ["text after the end", `${program("")}more`, /expected nothing after the program, found "more"/],
  [
    "an unknown type",
    program("tensor<fp17, [2]> a = relu(x = x);"),
    /model\.mil:4:20: expected an element type such as fp16, found "fp17/,
  ],
  [
    "a negative dimension",
    program("tensor<fp32, [-2]> a = relu(x = x);"),
    /4:27: expected a dimension: 0 or more, or \?, found "-2/,
  ],
  [
    "a huge shape",
    program("tensor<fp32, [1099511627776, 1099511627776]> a = relu(x = x);"),
    /expected a shape of at most 2\^48 elements/,
  ],
  [
    "too few elements",
    program("tensor<int32, [3]> c = const()[val = tensor<int32, [3]>([1, 2])];"),
    /expected 3 elements for the type tensor<int32, \[3\]>, there are 2/,
  ],
  [
    "a number that does not fit",
    program("uint8 c = const()[val = uint8(300)];"),
    /expected a value of type uint8, found "300/,
  ],
  [
    "a word for a number",
    program("int32 c = const()[val = int32(many)];"),
    /expected a value of type int32, found "many/,
  ],
  [
    "a number for a string",
    program("string c = const()[val = string(3)];"),
    /expected a value of type string, found "3/,
  ],
  [
    "a name before its definition",
    program("tensor<fp32, [2]> a = relu(x = later);"),
    /parameter 'x' uses 'later', which is not defined before it, in operation relu \('a'\)/,
  ],
  [
    "an open string",
    'program(1.3) { func main<ios18>() { string c = const()[val = string("open)]; } -> (c); }',
    /expected the closing quote of the string/,
  ],
  ["a missing semicolon", program("tensor<fp32, [2]> a = relu(x = x)"), /model\.mil:5:\d+: expected/],
  [
    "nesting without end",
    program(`int32 c = const()[val = int32(${"[".repeat(10_000)}`),
    /expected at most 64 levels of nesting/,
  ],
  ["types without end", program("list<".repeat(10_000)), /expected at most 64 levels of nesting/],
  [
    "weights outside",
    program(
      'tensor<fp16, [2]> c = const()[val = tensor<fp16, [2]>(BLOBFILE(path = string("@model_path/../w.bin"), offset = uint64(64)))];',
    ),
    /outside the package/,
  ],
  [
    "weights elsewhere",
    program(
      'tensor<fp16, [2]> c = const()[val = tensor<fp16, [2]>(BLOBFILE(path = string("/w.bin"), offset = uint64(64)))];',
    ),
    /expected a path that begins with @model_path\//,
  ],
  [
    "weights that are missing",
    program(
      'tensor<fp16, [2]> c = const()[val = tensor<fp16, [2]>(BLOBFILE(path = string("@model_path/weights/w.bin"), offset = uint64(64)))];',
    ),
    /^notFound: .*weights\/w\.bin: the model's weight file is missing/,
  ],
])("refused: %s", (_, text, expected) => {
  expect(refused(text)).toMatch(expected);
});
