import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dump, read, refusal } from "./mil-dump.ts";
import { field, message, programModel, relu } from "./protobuf.ts";
import { fixtures, Folder, specification } from "./temporary.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);
const text = (value: string) => new TextEncoder().encode(value);
const safetensors = message(bytes(2, 0, 0, 0, 0, 0, 0, 0), text("{}"));
const zip = (name: string) =>
  message(text("PK\u0003\u0004"), new Uint8Array(22), bytes(name.length, 0, 0, 0), text(name));

test.each<[string, Uint8Array, string]>([
  ["safetensors", safetensors, "safetensors"],
  ["gguf", text("GGUF\u0003\0\0\0"), "gguf"],
])("%s is told by its content; as a model it is refused", (_, content, format) => {
  using folder = new Folder();
  const result = dump(folder.write("model.mlmodel", content));
  expect(result.format).toBe(format);
  expect(result.error!.code).toBe("unsupported");
  expect(result.error!.message).toMatch(/a file of weights has no program to run/);
});

test.each<[string, Uint8Array, RegExp]>([
  ["an ONNX model", message(field(1, 8), field(2, "pytorch"), field(7, field(2, "graph"))), /an ONNX model/],
  ["a PyTorch archive", zip("archive/data.pkl"), /a PyTorch file/],
  ["a zipped package", zip("model.mlpackage/Manifest.json"), /a zipped Core ML model; unpack it first/],
  ["another archive", zip("notes.txt"), /a ZIP archive \(its first entry is "notes\.txt"\)/],
  ["a pickle", bytes(0x80, 2, 0x8a, 10), /a Python pickle/],
  ["an HDF5 file", bytes(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a), /an HDF5 file/],
  ["a gzip archive", bytes(0x1f, 0x8b, 8, 0), /a gzip archive/],
  ["a TensorFlow Lite model", message(bytes(28, 0, 0, 0), text("TFL3")), /a TensorFlow Lite model/],
  ["a web page", text("<!DOCTYPE html>"), /an HTML or XML page/],
  ["the text of a program", text("program(1.0)"), /pass the \.mlmodelc folder/],
  ["an LFS pointer", text("version https://git-lfs.github.com/spec/v1"), /Git LFS pointer/],
  ["anything else", text("hello"), /not a model of a known format \(it begins with 68 65 6c 6c 6f\)/],
  ["one byte", bytes(8), /truncated or damaged/],
])("%s is refused by name", (_, content, expected) => {
  using folder = new Folder();
  const path = folder.write("model.mlmodel", content);
  const message = refusal(path);
  expect(message).toMatch(expected);
  expect(message).toContain(path);
});

test("a package's manifest and weights, passed in place of the package, say so", () => {
  const path = join(fixtures, "models/linear/model.mlpackage");
  expect(refusal(join(path, "Manifest.json"))).toMatch(/pass the \.mlpackage folder/);
  expect(refusal(join(path, "Data/com.apple.CoreML/weights/weight.bin"))).toMatch(/the weights of a model/);
});

test("directories without a model", () => {
  using folder = new Folder();
  mkdirSync(join(folder.path, "empty.mlpackage"));
  expect(refusal(join(folder.path, "empty.mlpackage"))).toMatch(/the directory is empty, expected a model/);
  folder.write("models/a.mlmodel", "");
  expect(refusal(join(folder.path, "models"))).toMatch(/no model in this directory.*it contains a\.mlmodel/);
  folder.write("saved/saved_model.pb", "");
  expect(refusal(join(folder.path, "saved"))).toMatch(/a TensorFlow SavedModel/);
  folder.write(`half.mlpackage/${specification}`, "");
  expect(refusal(join(folder.path, "half.mlpackage"))).toMatch(/a model package without its Manifest\.json/);
});

test("missing, empty, unreadable and special files", () => {
  using folder = new Folder();
  expect(refusal(join(folder.path, "nowhere.mlmodel"))).toMatch(/^notFound: .*nowhere\.mlmodel: no such file/);
  expect(refusal(folder.write("empty.mlmodel", ""))).toMatch(/^malformed: .*the file is empty/);
  expect(refusal("/dev/null")).toMatch(/^malformed: \/dev\/null: is not a regular file/);
  const locked = folder.write("locked.mlmodel", "x");
  chmodSync(locked, 0);
  // root reads everything
  if (process.getuid?.() !== 0) expect(refusal(locked)).toMatch(/^io: .*cannot open the file: Permission denied/);
});

test("the name plays no part", () => {
  using folder = new Folder();
  expect(read(folder.write("model.gguf", programModel([relu]))).format).toBe("mlmodel");
  const inner = readFileSync(join(fixtures, "models/add_one/model.mlpackage", specification));
  expect(read(folder.write("model.bin", inner)).format).toBe("mlmodel");
});
