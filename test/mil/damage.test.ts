import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "./compiled-program.ts";
import { damage } from "./mil-dump.ts";
import { gguf, ggufFile, valueTypes } from "../weights/files.ts";
import { fixtures, Folder, specification } from "./temporary.ts";

/** Every length, and every byte with each bit flipped and as 0, 127, 128, 255: each copy gets an answer, none ends the process. */
const copiesPerByte = 13;

/** Networks are lowered too, for the sizes that their damaged description gives. */
const network = (name: string) => join(fixtures, "models", name, "model.mlmodel");

const spec = (name: string) => join(fixtures, "models", name, "model.mlpackage", specification);

test.each([
  spec("add_one"),
  spec("stateful"),
  spec("optional_input"),
  spec("multi_function_plus"),
  join(fixtures, "models/linear/model.mlpackage/Manifest.json"),
  network("nn_loop"),
  network("nn_flexible"),
  network("nn_quantized"),
  network("nn_legacy"),
])("damaged copies of %s", (path) => {
  expect(damage(path)).toBe(readFileSync(path).length * copiesPerByte);
});

test("damaged copies of a small weight file", () => {
  using folder = new Folder();
  const bytes = new Uint8Array(130);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 1, true);
  view.setUint32(4, 2, true);
  view.setUint32(64, 0xdeadbeef, true);
  view.setUint32(68, 1, true);
  view.setBigUint64(72, 2n, true);
  view.setBigUint64(80, 128n, true);
  expect(damage(folder.write("weight.bin", bytes))).toBe(bytes.length * copiesPerByte);
});

test("damaged copies of files of weights", () => {
  using folder = new Folder();
  const sharded = join(fixtures, "weights/sharded/model-00001-of-00002.safetensors");
  expect(damage(sharded)).toBe(readFileSync(sharded).length * copiesPerByte);
  const { entry, u32, u64, text } = gguf;
  const file = ggufFile({
    entries: [entry("a", valueTypes.array, u32(valueTypes.string), u64(2), text("x"), text("ü"))],
    tensors: [gguf.tensor("t", [2], 0, 0), gguf.tensor("q", [32, 2], 2, 32)],
    dataBytes: 32 + 36,
  });
  expect(damage(folder.write("small.gguf", file))).toBe(file.length * copiesPerByte);
});

test("damaged copies of a program text", () => {
  using folder = new Folder();
  const text =
    program(`tensor<fp16, [2, 1]> c = const()[name = string("c\\n"), val = tensor<fp16, [2, 1]>([[0x1p-24], [-inf]])];
            tensor<fp32, [2]> l = while_loop(loop_vars = (x, int4(3))) (tensor<fp32, [?]> i) { } -> (i)[a = dict<string, list<int8, 1>>({{"k", [1]}})];`);
  expect(damage(folder.write("model.mil", text))).toBe(text.length * copiesPerByte);
});
