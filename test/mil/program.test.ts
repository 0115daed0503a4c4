import { expect, test } from "bun:test";
import { read, refusal } from "./mil-dump.ts";
import {
  block,
  constantModel,
  dataType,
  field,
  message,
  named,
  operation,
  packed,
  programModel,
  relu,
  tensorType,
  tensorValue,
} from "./protobuf.ts";
import { Folder } from "./temporary.ts";

const float2 = tensorType(dataType.float32, [2]);

/** The constant of a model that has one, as mil-dump prints it. */
function constant(type: Uint8Array, value: Uint8Array) {
  using folder = new Folder();
  const model = read(folder.write("m.mlmodel", constantModel(type, value)));
  return model.program.main!.block.operations[0]!.attributes.val!;
}

function refused(model: Uint8Array): string {
  using folder = new Folder();
  return refusal(folder.write("m.mlmodel", model));
}

const ints = (values: (number | bigint)[]) => field(2, packed(values));
const longInts = (values: (number | bigint)[]) => field(5, packed(values));
const rawBytes = (...values: number[]) => field(7, field(1, Uint8Array.from(values)));

test.each<[string, number, number[], Uint8Array, unknown]>([
  ["int32, negative", dataType.int32, [2], ints([1, -2]), "01000000feffffff"],
  ["int32, unpacked", dataType.int32, [2], field(2, message(field(1, 1), field(1, 2))), "0100000002000000"],
  ["int8 from ints", dataType.int8, [2], ints([-128, 127]), "807f"],
  ["uint32 beyond 2^31, written as a negative int", dataType.uint32, [], ints([-1]), "ffffffff"],
  ["int32 from longInts", dataType.int32, [], longInts([7]), "07000000"],
  ["bool", dataType.bool, [3], field(3, packed([1, 0, 1])), "010001"],
  ["fp16 bytes", dataType.float16, [2], rawBytes(0, 0x3c, 0, 0xc0), "003c00c0"],
  ["fp16 from floats", dataType.float16, [], field(1, field(1, Uint8Array.from([0, 0, 0x80, 0x3f]))), "003c"],
  ["int4, two to a byte", dataType.int4, [3], rawBytes(0x21, 0x03), "2103"],
  ["uint1, eight to a byte", dataType.uint1, [9], rawBytes(0xff, 0x01), "ff01"],
  ["strings", dataType.string, [2], field(4, message(field(1, "a"), field(1, "ä"))), ["a", "ä"]],
  ["no elements", dataType.float32, [0], field(1, message()), ""],
])("constant: %s", (_, element, shape, content, expected) => {
  const type = tensorType(element, shape);
  expect(constant(type, tensorValue(type, content)).value).toEqual(expected);
});

test.each<[string, number, number[], Uint8Array, RegExp]>([
  ["too few elements", dataType.int32, [3], ints([1, 2]), /tensor<int32, \[3\]> has 2 elements, expected 3/],
  ["too many bytes", dataType.float16, [1], rawBytes(0, 0, 0), /tensor<fp16, \[1\]> has 3 bytes, expected 2/],
  ["a byte short for its bits", dataType.uint1, [9], rawBytes(0xff), /has 1 bytes, expected 2/],
  ["300 as uint8", dataType.uint8, [], ints([300]), /the value 300 does not fit its type uint8/],
  ["-1 as uint8", dataType.uint8, [], ints([-1]), /the value -1 does not fit its type uint8/],
  ["8 as int4", dataType.int4, [], ints([8]), /the value 8 does not fit its type int4/],
  [
    "2^31 in longInts as int32",
    dataType.int32,
    [],
    longInts([1n << 31n]),
    /the value 2147483648 does not fit its type int32/,
  ],
  ["integers for floats", dataType.float32, [], ints([1]), /has integers as its content/],
  ["strings for numbers", dataType.float32, [], field(4, field(1, "a")), /has strings as its content/],
  ["text that is not UTF-8", dataType.string, [], field(4, field(1, Uint8Array.of(0xff))), /expected text in UTF-8/],
  ["bytes for strings", dataType.string, [], rawBytes(0), /has bytes as its content/],
])("refused constant: %s", (_, element, shape, content, expected) => {
  const type = tensorType(element, shape);
  const text = refused(constantModel(type, tensorValue(type, content)));
  expect(text).toMatch(expected);
  expect(text).toMatch(/m\.mlmodel: byte \d+: .*in attribute 'val', in operation const \('c'\), in function 'main'$/);
});

test("shapes whose size overflows are refused, whichever way it is asked", () => {
  const huge = 2 ** 40;
  for (const shape of [[huge, huge], [2 ** 53, 2, 1024], [2 ** 49]]) {
    expect(
      refused(
        constantModel(
          tensorType(dataType.float32, shape),
          tensorValue(tensorType(dataType.float32, shape), rawBytes(0)),
        ),
      ),
    ).toMatch(/expected at most 2\^48 elements/);
  }
});

test("lists, tuples and dictionaries", () => {
  const int = tensorType(dataType.int32, []);
  const one = tensorValue(int, ints([1]));
  const text = tensorType(dataType.string, []);
  const key = tensorValue(text, field(4, field(1, "k")));
  const listType = field(2, message(field(1, int), field(2, field(1, field(1, 2)))));
  const oneDump = { type: "tensor<int32, []>", value: "01000000" };
  expect(
    constant(listType, message(field(2, listType), field(3, field(3, message(field(1, one), field(1, one)))))),
  ).toEqual({
    type: "list<tensor<int32, []>, 2>",
    value: [oneDump, oneDump],
  });
  const tupleType = field(3, message(field(1, int), field(1, text)));
  expect(
    constant(tupleType, message(field(2, tupleType), field(3, field(2, message(field(1, one), field(1, key)))))),
  ).toMatchObject({
    type: "tuple<tensor<int32, []>, tensor<string, []>>",
  });
  const dictionaryType = field(4, message(field(1, text), field(2, int)));
  const entry = field(1, message(field(1, key), field(2, one)));
  expect(constant(dictionaryType, message(field(2, dictionaryType), field(3, field(4, entry)))).value).toEqual([
    [{ type: "tensor<string, []>", value: ["k"] }, oneDump],
  ]);
  expect(refused(constantModel(listType, message(field(2, listType), field(3, field(3, field(1, one))))))).toMatch(
    /a list has 1 elements, its type .* has 2/,
  );
  expect(refused(constantModel(listType, message(field(2, listType), field(3, field(2, field(1, one))))))).toMatch(
    /content is not of its type list/,
  );
});

const identity = (from: string, to: string) =>
  operation("identity", { inputs: { x: from }, outputs: [named(to, float2)] });

test.each<[string, Uint8Array, RegExp]>([
  [
    "a name before its definition",
    programModel([identity("later", "y"), identity("x", "later")]),
    /parameter 'x' uses 'later', which is not defined before it, in operation identity \('y'\), in function 'main'/,
  ],
  [
    "a name twice",
    programModel([identity("x", "y"), identity("x", "y")]),
    /output 'y' has the name of an earlier value/,
  ],
  ["an output that nobody makes", programModel([relu], ["y", "z"]), /output 'z' is not defined/],
  [
    "an output feature that the program does not give",
    programModel([relu], []),
    /feature 'y' is not an output of function 'main'/,
  ],
  [
    "a const without value",
    programModel([operation("const", { outputs: [named("c", float2)] }), relu]),
    /a const without its value 'val'/,
  ],
  [
    "a const of another type than its value",
    constantModel(float2, tensorValue(tensorType(dataType.int32, [2]), ints([1, 2]))),
    /a const of type tensor<fp32, \[2\]> has a value of type tensor<int32, \[2\]>/,
  ],
  ["an operation without type", programModel([operation("", {}), relu]), /an operation has no type/],
  [
    "an unknown element type",
    programModel([operation("relu", { inputs: { x: "x" }, outputs: [named("y", tensorType(99, [2]))] })]),
    /element type 99 is not one of MIL's, in 'y'/,
  ],
])("refused program: %s", (_, model, expected) => {
  expect(refused(model)).toMatch(expected);
});

test("nested blocks see the names around them, and those outside do not see theirs", () => {
  const branch = block([identity("x", "inner")], ["inner"]);
  const cond = operation("cond", { inputs: { pred: "x" }, outputs: [named("y", float2)], blocks: [branch, branch] });
  using folder = new Folder();
  const model = read(folder.write("m.mlmodel", programModel([cond])));
  expect(model.program.main!.block.operations[0]!.blocks.map(({ outputs }) => outputs)).toEqual([["inner"], ["inner"]]);
  expect(model.operations).toEqual({ "ios15.cond": 1, "ios15.identity": 2 });
  expect(refused(programModel([cond, identity("inner", "z")]))).toMatch(/'inner', which is not defined before it/);
});

test("blocks nested without end are refused", () => {
  let inner = block([], []);
  for (let depth = 0; depth < 40; depth++) inner = block([operation("cond", { blocks: [inner] })], []);
  expect(refused(programModel([operation("cond", { outputs: [named("y", float2)], blocks: [inner] })]))).toMatch(
    /expected at most (32 nested blocks|100 nested messages)/,
  );
});

test("types nested without end are refused", () => {
  let type = float2;
  for (let depth = 0; depth < 200; depth++) type = field(5, field(1, type));
  expect(refused(programModel([operation("relu", { inputs: { x: "x" }, outputs: [named("y", type)] })]))).toMatch(
    /expected at most 100 nested messages/,
  );
});

test.each<[string, Uint8Array, RegExp]>([
  ["no description", message(field(1, 6), field(502, message())), /the model has no description/],
  ["no model behind the description", message(field(1, 6), field(2, message())), /no model behind the description/],
  [
    "an unknown kind",
    message(field(1, 6), field(2, message()), field(2999, message())),
    /^unsupported: .*model type 2999 is not known/,
  ],
  [
    "version 0",
    message(field(1, 0), field(2, message()), field(500, message())),
    /specification version 0, expected 1 or more/,
  ],
  [
    "a feature without type",
    message(field(1, 6), field(2, field(1, field(1, "x"))), field(500, message())),
    /feature 'x' has no type/,
  ],
  [
    "a number in place of a message",
    message(field(1, 6), field(2, 5), field(500, message())),
    /field 2: expected a message, found a variable-length number/,
  ],
])("refused model: %s", (_, model, expected) => {
  expect(refused(model)).toMatch(expected);
});

test("unknown fields are skipped", () => {
  using folder = new Folder();
  expect(read(folder.write("m.mlmodel", message(programModel([relu]), field(150, "later"), field(151, 7)))).kind).toBe(
    "mlProgram",
  );
});

test("pipelines hold models, other kinds keep their message", () => {
  using folder = new Folder();
  const scaler = message(field(1, 1), field(2, message()), field(604, message(field(1, "bytes"))));
  const pipeline = message(
    field(1, 1),
    field(2, message()),
    field(202, message(field(1, scaler), field(1, programModel([relu])), field(2, "first"), field(2, "second"))),
  );
  const model = read(folder.write("m.mlmodel", pipeline));
  expect(model.models!.map(({ kind }) => kind)).toEqual(["scaler", "mlProgram"]);
  expect(model.modelNames).toEqual(["first", "second"]);
});
