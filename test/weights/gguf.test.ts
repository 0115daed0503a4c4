import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadModel, type Weights } from "../../src/index.ts";
import { Folder } from "../mil/temporary.ts";
import { expectedHalves, gguf, ggufFile, valueTypes, weightFiles } from "./files.ts";
import { compareHalves } from "./halves.ts";

const typesFile = join(weightFiles, "types.gguf");
const open = async (path: string): Promise<Weights> => (await loadModel(path)) as unknown as Weights;

/** Float tensors for which the reference package has a conversion. */
const isReferenced = (name: string) => !name.startsWith("integer") && name !== "quantised.Q1_0";

test("every float and quantised tensor equals the Python package's, to the last bit of f16", async () => {
  using weights = await open(typesFile);
  expect(compareHalves(weights, weights.tensorNames.filter(isReferenced), await expectedHalves("types.gguf"))).toEqual(
    [],
  );
});

test("the same without vector instructions and one by one", async () => {
  // The instruction set is chosen once per process.
  const code = `import { loadModel } from "./src/index.ts"; import { compareHalves } from "./test/weights/halves.ts";
import { expectedHalves } from "./test/weights/files.ts";
const weights = await loadModel(${JSON.stringify(typesFile)});
const names = weights.tensorNames.filter((name) => !name.startsWith("integer") && name !== "quantised.Q1_0");
console.log(compareHalves(weights, names, await expectedHalves("types.gguf")));`;
  for (const isa of ["scalar", "avx2"]) {
    const child = Bun.spawnSync([process.execPath, "-e", code], {
      cwd: join(import.meta.dir, "../.."),
      env: { ...process.env, TENSORLOGIC_ISA: isa },
    });
    expect(child.stdout.toString()).toBe("[]\n");
  }
});

test("version 2 has the same layout", async () => {
  using folder = new Folder();
  const bytes = readFileSync(typesFile);
  bytes.writeUInt32LE(2, 4);
  using weights = await open(folder.write("v2.gguf", bytes));
  expect(weights.metadata.specificationVersion).toBe(2);
  expect(compareHalves(weights, weights.tensorNames.filter(isReferenced), await expectedHalves("types.gguf"))).toEqual(
    [],
  );
});

test("metadata of every type", async () => {
  using weights = await open(typesFile);
  const { userDefined, ...about } = weights.metadata;
  expect(about).toMatchObject({ format: "GGUF", specificationVersion: 3, license: "MIT", quantization: "Q6_K" });
  expect(userDefined).toEqual({
    "general.architecture": "test",
    "general.name": "types — ü",
    "general.license": "MIT",
    "test.uint8": 200,
    "test.int8": -100,
    "test.uint16": 60000,
    "test.int16": -30000,
    "test.uint32": 4_000_000_000,
    "test.int32": -2_000_000_000,
    "test.uint64": 2n ** 64n - 1n,
    "test.int64": -(2n ** 63n),
    "test.float32": Math.fround(1e-5),
    "test.float64": 0.1,
    "test.bool": true,
    "test.infinite": -Infinity,
    "test.short": [1, 2, 3],
    "test.strings": Array.from({ length: 100 }, (_, i) => `token ${i}`),
    "test.floats": Array.from({ length: 100 }, (_, i) => i / 8),
    "test.flags": [true, false],
  });
});

test("arrays in arrays", async () => {
  using folder = new Folder();
  const { u32, u64 } = gguf;
  const inner = (...numbers: number[]) => [u32(valueTypes.uint64), u64(numbers.length), ...numbers.map(u64)];
  const entry = gguf.entry("nested", valueTypes.array, u32(valueTypes.array), u64(2), ...inner(1), ...inner(2, 3));
  using weights = await open(folder.write("nested.gguf", ggufFile({ entries: [entry] })));
  expect(weights.metadata.userDefined).toEqual({ nested: [[1n], [2n, 3n]] });
});

test("shapes are row-major, integers come raw", async () => {
  using weights = await open(typesFile);
  expect(weights.info("float.F32").shape).toEqual([2, 3, 4]);
  expect(weights.info("quantised.Q4_K")).toMatchObject({ dtype: "Q4_K", shape: [3, 512], byteLength: 3 * 2 * 144 });
  expect([...weights.raw("integer.int64").data] as unknown).toEqual([-3n, -2n, -1n, 0n, 1n, 2n]);
  expect(() => weights.tensor("integer.int32")).toThrow("'integer.int32' is I32");
});

test("one bit per element: its scale with the sign of the bit", async () => {
  using weights = await open(typesFile);
  const raw = weights.raw("quantised.Q1_0").data as Uint8Array;
  const scale = new DataView(raw.buffer, raw.byteOffset).getFloat16(0, true);
  const signs = Array.from({ length: 8 }, (_, i) => ((raw[2]! >> i) & 1 ? scale : -scale));
  expect([...weights.tensor("quantised.Q1_0").data.subarray(0, 8)]).toEqual(signs);
});

test.each([
  ["Q8_1", 9, 36, (block: DataView) => block.setFloat16(0, 0.5, true), 4, 0.5],
  ["Q8_K", 15, 292, (block: DataView) => block.setFloat32(0, 0.25, true), 4, 0.25],
] as const)(
  "%s, which files hardly ever have: scale times number",
  async (dtype, code, bytes, setScale, first, scale) => {
    using folder = new Folder();
    const count = dtype === "Q8_1" ? 32 : 256;
    const file = ggufFile({ tensors: [gguf.tensor("x", [count], code, 0)], dataBytes: bytes });
    const start = file.length - bytes;
    setScale(new DataView(file.buffer, start));
    for (let i = 0; i < count; i++) file[start + first + i] = i - 16;
    using weights = await open(folder.write("q8.gguf", file));
    expect([...weights.tensor("x").data.subarray(0, 32)]).toEqual(
      Array.from({ length: 32 }, (_, i) => (i - 16) * scale),
    );
  },
);

test("saved as SafeTensors: blocks become F16, the rest stays as it is", async () => {
  using folder = new Folder();
  using weights = await open(typesFile);
  const path = join(folder.path, "saved.safetensors");
  await weights.save(path);
  using saved = await open(path);
  expect(saved.metadata.userDefined).toMatchObject({
    "general.name": "types — ü",
    "test.uint64": "18446744073709551615",
    "test.infinite": "-Infinity",
    "test.flags": "[true,false]",
  });
  expect(saved.info("float.BF16").dtype).toBe("BF16");
  expect(saved.info("integer.int64").dtype).toBe("I64");
  expect(saved.info("quantised.IQ2_XXS")).toMatchObject({ dtype: "F16", shape: [3, 512] });
  expect(compareHalves(saved, saved.tensorNames.filter(isReferenced), await expectedHalves("types.gguf"))).toEqual([]);
});
