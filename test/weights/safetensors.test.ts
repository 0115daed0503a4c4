import { describe, expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { loadModel, readCounters, saveTensors, Tensor, Weights } from "../../src/index.ts";
import { Folder } from "../mil/temporary.ts";
import { shell } from "../support/shell.ts";
import { expectedHalves, safeTensors, weightFiles } from "./files.ts";
import { compareHalves } from "./halves.ts";

const typesFile = join(weightFiles, "types.safetensors");
const open = async (path: string): Promise<Weights> => (await loadModel(path)) as unknown as Weights;

test("names, types, shapes and metadata", async () => {
  using weights = await open(typesFile);
  expect(weights).toBeInstanceOf(Weights);
  expect(weights.metadata).toMatchObject({ format: "SafeTensors", kind: "weights", quantization: "F8_E4M3" });
  expect(weights.metadata.userDefined).toEqual({ "made by": "make_weights.py — ü" });
  expect(weights.tensorNames).toHaveLength(20);
  expect(weights.info("float.bf16")).toEqual({ name: "float.bf16", dtype: "BF16", shape: [2, 8], byteLength: 32 });
  expect(weights.info("float.scalar").shape).toEqual([]);
});

test.each(["types.safetensors", "sharded/model.safetensors.index.json"])(
  "every float tensor of %s becomes f16 as the reference has it",
  async (file) => {
    using weights = await open(join(weightFiles, file));
    const names = weights.tensorNames.filter((name) => !name.startsWith("integer"));
    expect(compareHalves(weights, names, await expectedHalves(file))).toEqual([]);
  },
);

test("a folder with an index is the sharded set", async () => {
  using weights = await open(join(weightFiles, "sharded"));
  expect(weights.tensorNames.toSorted()).toEqual(["a.bias", "a.weight", "b.weight"]);
  expect(weights.metadata).toMatchObject({ quantization: "F16", userDefined: { total_size: "36", format: "pt" } });
});

test("a folder with one file is that file", async () => {
  using folder = new Folder();
  folder.write("only.safetensors", readFileSync(typesFile));
  folder.write("config.json", "{}");
  using weights = await open(folder.path);
  expect(weights.tensorNames).toHaveLength(20);
});

test.each([
  ["bool", [0, 1, 1, 1, 1, 1]],
  ["int8", [0, 1, 2, 3, 100, 127]],
  ["int64", [0n, 1n, 2n, 3n, 100n, 127n]],
  ["uint64", [0n, 1n, 2n, 3n, 100n, 127n]],
  ["uint32", [0, 1, 2, 3, 100, 127]],
])("integers of %s: raw gives them, tensor refuses them", async (dtype, numbers) => {
  using weights = await open(typesFile);
  const raw = weights.raw(`integer.${dtype}`);
  expect(raw.dtype).toBe(dtype);
  expect(raw.shape).toEqual([3, 2]);
  expect([...raw.data] as unknown).toEqual(numbers);
  expect(() => weights.tensor(`integer.${dtype}`)).toThrow(/integers are not converted.*raw\("integer\./);
});

test("raw of a float that JavaScript has no array for is its bytes", async () => {
  using weights = await open(typesFile);
  const raw = weights.raw("float.bf16");
  expect([raw.dtype, raw.data.length]).toEqual(["BF16", 32]);
});

describe("F16 is used where the file is mapped", () => {
  test("without a copy; what is written stays in this process; the tensor outlives the weights", async () => {
    using folder = new Folder();
    const path = folder.write("half.safetensors", new Uint8Array());
    await saveTensors(path, { x: Tensor.from([1, 2, 3, 4]) });
    const before = readFileSync(path);
    const weights = await open(path);
    const { copiedBytes } = readCounters();
    const [first, second] = [weights.tensor("x"), weights.tensor("x")];
    expect(readCounters().copiedBytes).toBe(copiedBytes);
    weights.dispose();
    first.data[0] = 42;
    expect([...second.data]).toEqual([42, 2, 3, 4]);
    expect(readFileSync(path)).toEqual(before);
    expect(() => weights.tensor("x")).toThrow("disposed");
  });

  test("a tensor at an odd address is copied", async () => {
    using folder = new Folder();
    const header = '{"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}} '.padEnd(57);
    const bytes = safeTensors(header, 4);
    bytes.set([0, 0x3c, 0, 0x40], bytes.length - 4);
    using weights = await open(folder.write("odd.safetensors", bytes));
    expect([...weights.tensor("x").data]).toEqual([1, 2]);
  });
});

test("an unknown name is answered with names that are there", async () => {
  using weights = await open(typesFile);
  expect(() => weights.tensor("float.half")).toThrow(
    /types\.safetensors: there is no tensor "float\.half"; there are 20: /,
  );
});

describe("saveTensors", () => {
  test("what it writes is read back, element by element", async () => {
    using folder = new Folder();
    using weights = await open(typesFile);
    const tensors = Object.fromEntries(weights.tensorNames.map((name) => [name, weights.raw(name)]));
    const path = join(folder.path, "copy.safetensors");
    await saveTensors(path, tensors, { note: 'quote " and ü' });
    using copy = await open(path);
    expect(copy.metadata.userDefined).toEqual({ note: 'quote " and ü' });
    expect(copy.tensors.toSorted(byName)).toEqual(weights.tensors.toSorted(byName));
    for (const name of copy.tensorNames) expect(bytesOf(copy, name)).toEqual(bytesOf(weights, name));
    expect(readdirSync(folder.path)).toEqual(["copy.safetensors"]);
  });

  test("the header ends at a multiple of 8, wide types come first", async () => {
    using folder = new Folder();
    const path = join(folder.path, "out.safetensors");
    await saveTensors(path, {
      byte: Tensor.zeros([3], "int8"),
      half: Tensor.zeros([1]),
      wide: Tensor.zeros([1], "float64"),
    });
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString("utf8", 8, 8 + length))).toEqual({
      wide: { dtype: "F64", shape: [1], data_offsets: [0, 8] },
      half: { dtype: "F16", shape: [1], data_offsets: [8, 10] },
      byte: { dtype: "I8", shape: [3], data_offsets: [10, 13] },
    });
  });

  test("a tensor with strides is written in row-major order", async () => {
    using folder = new Folder();
    const path = join(folder.path, "strided.safetensors");
    const transposed = Tensor.view(new Float32Array([1, 2, 3, 4, 5, 6]), [3, 2], { strides: [1, 3] });
    await saveTensors(path, { transposed });
    using weights = await open(path);
    expect(weights.raw("transposed").data).toEqual(new Float32Array([1, 4, 2, 5, 3, 6]));
  });

  test("no tensors at all", async () => {
    using folder = new Folder();
    const path = join(folder.path, "empty.safetensors");
    await saveTensors(path, {});
    expect((await open(path)).tensorNames).toEqual([]);
  });

  test("names that objects treat specially", async () => {
    using folder = new Folder();
    const path = join(folder.path, "names.safetensors");
    const tensors = Object.fromEntries(["__proto__", "7", "constructor", ""].map((name) => [name, Tensor.from([1])]));
    await saveTensors(path, tensors);
    expect((await open(path)).tensorNames.toSorted()).toEqual(["", "7", "__proto__", "constructor"]);
  });

  test("an open file is replaced, and stays readable where it is open", async () => {
    using folder = new Folder();
    const path = join(folder.path, "x.safetensors");
    await saveTensors(path, { x: Tensor.from([1]) });
    using old = await open(path);
    await saveTensors(path, { x: Tensor.from([2]) });
    using fresh = await open(path);
    expect([old.tensor("x").data[0], fresh.tensor("x").data[0]]).toEqual([1, 2]);
  });

  test.each([
    [{ x: 1 as never }, {}, 'tensor "x" is 1, expected a Tensor'],
    [{ x: { dtype: "F7", shape: [], data: new Uint8Array() } as never }, {}, "a tensor of F7"],
    [{ x: { dtype: "BF16", shape: [3], data: new Uint8Array(4) } as never }, {}, "BF16 [3] needs 6"],
    [{ __metadata__: Tensor.zeros([1]) }, {}, 'cannot have the name "__metadata__"'],
    [{ "\ud800": Tensor.zeros([1]) }, {}, "which UTF-8 cannot express"],
    [{}, { a: 1 as never }, 'metadata "a" is 1, expected a string'],
  ])("%p with metadata %p is refused and leaves no file", async (tensors, metadata, message) => {
    using folder = new Folder();
    await expect(saveTensors(join(folder.path, "out.safetensors"), tensors, metadata)).rejects.toThrow(message);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("a folder that does not exist is an error with the path", async () => {
    await expect(saveTensors("/nowhere/at/all.safetensors", {})).rejects.toThrow(
      "/nowhere/at/all.safetensors: cannot be written",
    );
  });

  const python = Bun.which("python3");
  const hasReference =
    python !== null && Bun.spawnSync([python, "-c", "import safetensors, numpy"], { stderr: "ignore" }).exitCode === 0;
  test.skipIf(!hasReference)("the reference library reads it back bit for bit", async () => {
    using folder = new Folder();
    using weights = await open(typesFile);
    const path = join(folder.path, "copy.safetensors");
    await weights.save(path);
    const compare = `import sys, safetensors as s
a, b = ({k: (v["dtype"], v["shape"], bytes(v["data"])) for k, v in s.deserialize(open(p, "rb").read())} for p in sys.argv[1:])
assert a == b and len(a) == 20, (a.keys(), b.keys())
print("equal")`;
    expect((await shell([python!, "-c", compare, typesFile, path])).stdout).toBe("equal\n");
  });
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function bytesOf(weights: Weights, name: string): Uint8Array {
  const { data } = weights.raw(name);
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}
