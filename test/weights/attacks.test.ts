import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { loadModel, TensorLogicError } from "../../src/index.ts";
import { Folder } from "../mil/temporary.ts";
import { gguf, ggufFile, safeTensors, valueTypes } from "./files.ts";

/** Files that are wrong on purpose, each with the words of the error that it must give. None may end the process or cost memory. */
type Attack = [name: string, bytes: Uint8Array, error: RegExp];

const tensor = (dtype: unknown, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });
const two = { a: tensor("U8", [2], [0, 2]), b: tensor("U8", [2], [2, 4]) };

const broken = safeTensors('{"x":1}');
broken[10] = 0xff;

const safeTensorsAttacks: Attack[] = [
  ["a header longer than the cap", safeTensors("{}", 0, 100_000_001), /not a model of a known format/],
  ["a header length of 2^64 - 1", safeTensors("{}", 0, 2n ** 64n - 1n), /not a model of a known format/],
  [
    "a header longer than the file",
    safeTensors("{}", 0, 64),
    /a header of 64 bytes in a file of 10: the file is truncated/,
  ],
  ["a header that is no JSON", safeTensors("{nonsense}"), /header: JSON offset 1/],
  ["a header with a tail", safeTensors("{}x"), /expected nothing after the value/],
  ["a header that is not UTF-8", broken, /header: JSON offset 4: expected text in UTF-8/],
  ["deep nesting", safeTensors(`{"a":${"[".repeat(100_000)}`), /at most 64 nested values/],
  [
    "a name twice",
    safeTensors(
      '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
    ),
    /each key once, "a" is there twice/,
  ],
  ["a tensor that is no object", safeTensors({ a: 1 }), /tensor "a": the entry is a number 1, expected an object/],
  ["no dtype", safeTensors({ a: { shape: [], data_offsets: [0, 0] } }), /dtype is missing, expected a string/],
  ["an unknown dtype", safeTensors({ a: tensor("F7", [], [0, 0]) }), /dtype "F7" is not known/],
  ["a block type of GGUF", safeTensors({ a: tensor("Q4_0", [32], [0, 18]) }, 18), /dtype "Q4_0" is not known/],
  [
    "a shape that is no array",
    safeTensors({ a: tensor("U8", 2, [0, 2]) }, 2),
    /shape is a number 2, expected an array of sizes/,
  ],
  [
    "a negative size",
    safeTensors({ a: tensor("U8", [-1, -2], [0, 2]) }, 2),
    /shape is an array \[-1,-2\], expected an array of sizes/,
  ],
  ["a size with a fraction", safeTensors({ a: tensor("U8", [1.5], [0, 1]) }, 1), /expected an array of sizes/],
  [
    "a size of 2^63",
    safeTensors('{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}', 1),
    /expected an array of sizes/,
  ],
  [
    "an element count that overflows",
    safeTensors({ a: tensor("U8", [2 ** 40, 2 ** 40], [0, 0]) }),
    /no number of bytes that a file could have/,
  ],
  [
    "an element count that overflows to 0",
    safeTensors('{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}'),
    /no number of bytes/,
  ],
  ["a byte count that overflows", safeTensors({ a: tensor("F64", [2 ** 52, 2 ** 9], [0, 0]) }), /no number of bytes/],
  ["half a byte", safeTensors({ a: tensor("F4", [3], [0, 2]) }, 2), /no number of bytes/],
  [
    "offsets that do not fit the shape",
    safeTensors({ a: tensor("F16", [3], [0, 4]) }, 4),
    /are 4 bytes, F16 \[3\] needs 6/,
  ],
  [
    "offsets backwards",
    safeTensors({ a: tensor("U8", [2], [2, 0]) }, 2),
    /data_offsets is an array \[2,0\], expected \[begin, end\]/,
  ],
  ["three offsets", safeTensors({ a: tensor("U8", [2], [0, 1, 2]) }, 2), /expected \[begin, end\]/],
  [
    "offsets past the end",
    safeTensors({ a: tensor("U8", [4], [0, 4]) }, 3),
    /go past the 3 bytes of data; the file is truncated/,
  ],
  [
    "offsets near 2^63",
    safeTensors('{"a":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]}}', 1),
    /go past the 1 bytes/,
  ],
  [
    "an overlap",
    safeTensors({ ...two, b: tensor("U8", [2], [1, 3]) }, 3),
    /"b": begins at 1 and overlaps the tensor before it/,
  ],
  ["the same range twice", safeTensors({ ...two, b: two.a }, 2), /overlaps the tensor before it/],
  ["a hole", safeTensors({ ...two, b: tensor("U8", [2], [3, 5]) }, 5), /"b": begins at 3 and leaves a hole/],
  ["a hole at the start", safeTensors({ b: two.b }, 4), /leaves a hole/],
  ["bytes behind the last tensor", safeTensors({ a: two.a }, 3), /the tensors end at 2 of 3 bytes of data/],
  [
    "metadata that is no object",
    safeTensors({ __metadata__: [1] }),
    /__metadata__ is an array, expected an object of strings/,
  ],
  ["metadata that is no text", safeTensors({ __metadata__: { a: 1 } }), /"a" is a number, expected a string/],
];

const { entry, u32, u64, text } = gguf;
const kv = (key: string) => entry(key, valueTypes.uint8, new Uint8Array(1));

const ggufAttacks: Attack[] = [
  ["version 1", ggufFile({ version: 1 }), /GGUF version 1, expected 2 or 3/],
  ["version 4", ggufFile({ version: 4 }), /GGUF version 4, expected 2 or 3/],
  ["big endian", ggufFile({ version: 0x0300_0000 }), /a big-endian GGUF file \(version 3\)/],
  ["nothing behind the magic", new TextEncoder().encode("GGUF"), /offset 4: the file ends inside the version/],
  [
    "2^64 - 1 tensors",
    ggufFile({ tensorCount: 2n ** 64n - 1n }),
    /18446744073709551615 tensors and 0 metadata values do not fit/,
  ],
  ["2^62 metadata values", ggufFile({ valueCount: 2n ** 62n }), /do not fit the file/],
  [
    "more tensors than there are",
    ggufFile({ tensorCount: 2, tensors: [gguf.tensor("a", [], 24, 0)], dataBytes: 64 }),
    /truncated|value|malformed|tensor/,
  ],
  [
    "a key of 2^64 - 1 bytes",
    ggufFile({ entries: [gguf.concatenate([u64(2n ** 64n - 1n), new Uint8Array(64)])] }),
    /a metadata key of 18446744073709551615 bytes/,
  ],
  [
    "a key past the end",
    ggufFile({ entries: [gguf.concatenate([u64(1000), new Uint8Array(64)])] }),
    /goes past the end of the file/,
  ],
  [
    "a key that is not UTF-8",
    ggufFile({ entries: [entry(new Uint8Array([0xff]), 0, new Uint8Array(8))] }),
    /a metadata key is not UTF-8/,
  ],
  [
    "a string that is not UTF-8",
    ggufFile({ entries: [entry("a", valueTypes.string, text(new Uint8Array([0x80])))] }),
    /a string is not UTF-8/,
  ],
  ["a key twice", ggufFile({ entries: [kv("a"), kv("a")] }), /the metadata key "a" is there twice/],
  ["an unknown value type", ggufFile({ entries: [entry("a", 13, u64(0))] }), /value type 13, expected 0 to 12/],
  [
    "a bool of 2",
    ggufFile({ entries: [entry("a", valueTypes.bool, new Uint8Array([2]))] }),
    /a bool is 2, expected 0 or 1/,
  ],
  [
    "an array of 2^61 numbers",
    ggufFile({ entries: [entry("a", valueTypes.array, u32(valueTypes.uint64), u64(2n ** 61n))] }),
    /an array of 2305843009213693952 elements does not fit/,
  ],
  [
    "an array of strings that ends early",
    ggufFile({ entries: [entry("a", valueTypes.array, u32(valueTypes.string), u64(3), text("x"))] }),
    /truncated/,
  ],
  [
    "an array with a broken string",
    ggufFile({ entries: [entry("a", valueTypes.array, u32(valueTypes.string), u64(1), text(new Uint8Array([0xc3])))] }),
    /a string is not UTF-8/,
  ],
  [
    "arrays in arrays without end",
    ggufFile({
      entries: [
        entry("a", valueTypes.array, ...Array.from({ length: 1000 }, () => [u32(valueTypes.array), u64(1)]).flat()),
      ],
    }),
    /arrays nested more than 8 deep/,
  ],
  [
    "an alignment of 0",
    ggufFile({ entries: [entry("general.alignment", valueTypes.uint32, u32(0))] }),
    /general\.alignment is 0, expected a power of two/,
  ],
  [
    "an alignment of 24",
    ggufFile({ entries: [entry("general.alignment", valueTypes.uint32, u32(24))] }),
    /general\.alignment is 24/,
  ],
  [
    "an alignment that is text",
    ggufFile({ entries: [entry("general.alignment", valueTypes.string, text("32"))] }),
    /of type string, expected uint32/,
  ],
  [
    "an alignment larger than the file",
    ggufFile({
      entries: [entry("general.alignment", valueTypes.uint32, u32(2 ** 31))],
      tensors: [gguf.tensor("a", [1], 24, 0)],
      dataBytes: 32,
    }),
    /go past the 0 bytes of data/,
  ],
  [
    "five dimensions",
    ggufFile({ tensors: [gguf.tensor("a", [1, 1, 1, 1, 1], 0, 0)], dataBytes: 32 }),
    /5 dimensions, expected at most 4/,
  ],
  [
    "2^32 - 1 dimensions",
    ggufFile({ tensors: [gguf.concatenate([text("a"), u32(2 ** 32 - 1), new Uint8Array(64)])] }),
    /4294967295 dimensions/,
  ],
  [
    "a dimension of 2^64 - 1",
    ggufFile({ tensors: [gguf.tensor("a", [2n ** 64n - 1n], 0, 0)], dataBytes: 32 }),
    /a dimension of 18446744073709551615 elements/,
  ],
  [
    "an element count that overflows",
    ggufFile({ tensors: [gguf.tensor("a", [2n ** 32n, 2n ** 32n], 0, 0)], dataBytes: 32 }),
    /no number of bytes/,
  ],
  [
    "a byte count that overflows",
    ggufFile({ tensors: [gguf.tensor("a", [2n ** 62n], 0, 0)], dataBytes: 32 }),
    /no number of bytes/,
  ],
  ["an unknown type", ggufFile({ tensors: [gguf.tensor("a", [1], 99, 0)], dataBytes: 32 }), /the type 99 is not known/],
  [
    "a removed type",
    ggufFile({ tensors: [gguf.tensor("a", [32], 31, 0)], dataBytes: 32 }),
    /the type 31 is Q4_0_4_4, which ggml has removed/,
  ],
  [
    "half a block",
    ggufFile({ tensors: [gguf.tensor("a", [48], 2, 0)], dataBytes: 64 }),
    /rows of 48 elements, Q4_0 needs a multiple of 32/,
  ],
  [
    "half a block per row, whole ones in all",
    ggufFile({ tensors: [gguf.tensor("a", [16, 2], 2, 0)], dataBytes: 64 }),
    /rows of 16 elements/,
  ],
  [
    "an offset that is not aligned",
    ggufFile({ tensors: [gguf.tensor("a", [1], 0, 4)], dataBytes: 32 }),
    /its offset 4 is no multiple of the alignment 32/,
  ],
  [
    "an offset past the end",
    ggufFile({ tensors: [gguf.tensor("a", [1], 0, 2n ** 63n)], dataBytes: 32 }),
    /4 bytes at 9223372036854775808 go past the 32 bytes/,
  ],
  [
    "a tensor past the end",
    ggufFile({ tensors: [gguf.tensor("a", [64], 0, 0)], dataBytes: 255 }),
    /256 bytes at 0 go past the 255 bytes of data; the file is truncated/,
  ],
  [
    "an overlap",
    ggufFile({ tensors: [gguf.tensor("a", [16], 0, 0), gguf.tensor("b", [8], 0, 32)], dataBytes: 64 }),
    /"b": begins at 32 and overlaps/,
  ],
  [
    "a tensor twice",
    ggufFile({ tensors: [gguf.tensor("a", [1], 0, 0), gguf.tensor("a", [1], 0, 32)], dataBytes: 64 }),
    /the tensor "a" is there twice/,
  ],
];

async function refusal(path: string): Promise<TensorLogicError> {
  try {
    await loadModel(path);
  } catch (error) {
    expect(error).toBeInstanceOf(TensorLogicError);
    return error as TensorLogicError;
  }
  throw new Error(`${path} was accepted`);
}

describe.each([
  ["safetensors", safeTensorsAttacks],
  ["gguf", ggufAttacks],
] as const)("%s", (format, attacks) => {
  test.each(attacks as Attack[])("%s", async (_, bytes, message) => {
    using folder = new Folder();
    const path = folder.write(`attack.${format}`, bytes);
    const error = await refusal(path);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(path);
  });
});

describe("sets of shards", () => {
  const shard = safeTensors({ a: tensor("U8", [2], [0, 2]) }, 2);
  const attacks: [name: string, index: unknown, error: RegExp][] = [
    ["a tensor that is not in its file", { weight_map: { b: "s.safetensors" } }, /tensor "b" is not in s\.safetensors/],
    ["a file that is missing", { weight_map: { a: "t.safetensors" } }, /t\.safetensors: no such file \(the shard\)/],
    ["a file outside the folder", { weight_map: { a: "../../etc/passwd" } }, /outside the package/],
    ["an absolute path", { weight_map: { a: "/etc/passwd" } }, /outside the package/],
    ["a file name that is no text", { weight_map: { a: 1 } }, /"a" is no string, expected a file's name/],
    ["an empty file name", { weight_map: { a: "" } }, /the shard is an empty path/],
    ["itself as shard", { weight_map: { a: "model.safetensors.index.json" } }, /model\.safetensors\.index\.json/],
  ];
  test.each(attacks)("%s", async (_, index, message) => {
    using folder = new Folder();
    folder.write("s.safetensors", shard);
    const path = folder.write("model.safetensors.index.json", JSON.stringify(index));
    expect((await refusal(path)).message).toMatch(message);
  });

  test("a link to a file outside the folder", async () => {
    using folder = new Folder();
    const outside = folder.write("outside.safetensors", shard);
    folder.write("set/model.safetensors.index.json", JSON.stringify({ weight_map: { a: "s.safetensors" } }));
    folder.link("set/s.safetensors", outside);
    expect((await refusal(join(folder.path, "set"))).message).toMatch(/a symbolic link to .*outside/);
  });
});
