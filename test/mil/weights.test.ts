import { expect, test } from "bun:test";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump, refusal } from "./mil-dump.ts";
import { Folder, weights } from "./temporary.ts";

/** A copy of the package linear with its weight file changed. */
function withWeights(folder: Folder, change: (file: DataView) => void): string {
  const path = folder.copy("linear");
  const bytes = readFileSync(join(path, weights));
  change(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  writeFileSync(join(path, weights), bytes);
  return path;
}

test.each<[string, (file: DataView) => void, RegExp]>([
  [
    "version 1",
    (file) => file.setUint32(4, 1, true),
    /^unsupported: .*weight\.bin: weight file version 1 at byte 4, expected 2/,
  ],
  [
    "a wrong mark",
    (file) => file.setUint32(64, 7, true),
    /^malformed: .*weight at offset 64: no weight record here: expected the mark 0xdeadbeef, found 0x7/,
  ],
  [
    "a size that is not the type's",
    (file) => file.setBigUint64(72, 6n, true),
    /the weight has 6 bytes, its type in the program needs \d+/,
  ],
  [
    "data off the grid of 64",
    (file) => file.setBigUint64(80, 130n, true),
    /data are at 130, expected a multiple of 64/,
  ],
  ["data past the end", (file) => file.setBigUint64(80, 1n << 40n, true), /go past the end of the file/],
  [
    "data at the last 64-bit number",
    (file) => file.setBigUint64(80, (1n << 64n) - 64n, true),
    /go past the end of the file/,
  ],
])("weight file with %s", (_, change, expected) => {
  using folder = new Folder();
  const message = refusal(withWeights(folder, change));
  expect(message).toMatch(expected);
  expect(message).toMatch(/in attribute 'val', in operation const \('\w+'\), in function 'main'/);
});

test("garbage in the reserved words of a record is allowed", () => {
  using folder = new Folder();
  const path = withWeights(folder, (file) => {
    for (let offset = 96; offset < 128; offset++) file.setUint8(offset, 0xa5);
  });
  expect(dump(path).error).toBeUndefined();
});

test("weight files that are empty, short, cut, missing, a directory, an LFS pointer", () => {
  using folder = new Folder();
  const path = folder.copy("linear");
  const file = join(path, weights);
  const size = readFileSync(file).length;
  truncateSync(file, size - 1);
  expect(refusal(path)).toMatch(/^malformed: .*past the end of the file of \d+ bytes; the file is truncated/);
  truncateSync(file, 63);
  expect(refusal(path)).toMatch(/the weight file has 63 bytes, expected at least the 64 of its header/);
  truncateSync(file, 0);
  expect(refusal(path)).toMatch(/^malformed: .*weight\.bin: the file is empty/);
  writeFileSync(file, "version https://git-lfs.github.com/spec/v1\n");
  expect(refusal(path)).toMatch(/^notFound: .*Git LFS pointer .* the weights/);
  rmSync(file);
  expect(refusal(path)).toMatch(/^notFound: .*weights\/weight\.bin: the model's weight file is missing/);
  folder.write(`linear.mlpackage/${weights}/inner`, "");
  expect(refusal(path)).toMatch(/^malformed: .*weight\.bin: is a directory, expected a file/);
});

test("a weight file behind a symbolic link that leaves the package", () => {
  using folder = new Folder();
  const path = folder.copy("linear");
  folder.write("outside.bin", readFileSync(join(path, weights)));
  folder.link(`linear.mlpackage/${weights}`, join(folder.path, "outside.bin"));
  expect(refusal(path)).toMatch(/weight file is a symbolic link to .*outside\.bin, outside the package/);
});
