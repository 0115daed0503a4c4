import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dir, "../../models");
const sums = readFileSync(join(folder, "SHA256SUMS"), "utf8").trim().split("\n").map(line => line.split("  ") as [string, string]);

test.each(sums)("%s is the sum of models/%s", (sum, file) => {
  expect(new Bun.CryptoHasher("sha256").update(readFileSync(join(folder, file))).digest("hex")).toBe(sum);
});

test("SHA256SUMS lists every file of the model, the photos and the references", () => {
  const data = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter(file => /^(efficientnet_lite0\.mlpackage|photos|reference)\//.test(file));
  expect(data.sort()).toEqual(sums.map(([, file]) => file).filter(file => file.includes("/")).sort());
});
