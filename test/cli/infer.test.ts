import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeNpy, encodeNpy, Image, Tensor } from "../../src/index.ts";
import { fixtureModel } from "../support/fixtures.ts";
import { bunRun } from "../support/shell.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "tensorlogic-infer-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe("the bundled model", () => {
  test("classifies the bundled photo", async () => {
    const { code, stdout, stderr } = await bunRun("infer");
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("model         models/efficientnet_lite0.mlpackage");
    expect(lines[1]).toBe("format        CoreML (mlprogram, specification 7)");
    expect(lines[2]).toBe("quantization  F16");
    expect(lines[3]).toStartWith("device        ");
    expect(lines[4]).toBe("image         models/photos/cat.png (451×300, imagenet crop to 224×224)");
    expect(lines[6]).toMatch(/^ ?\d+\.\d%  █+.*tiger cat$/);
    expect(lines.filter((line) => /^ *\d+\.\d%/.test(line))).toHaveLength(5);
    expect(lines.at(-2)).toMatch(/^load [\d.]+ ms · first run [\d.]+ ms · median of the next \d+ runs [\d.]+ ms$/);
  });

  test("classifies another picture, as JSON", async () => {
    const { code, stdout } = await bunRun(
      "infer",
      "models/photos/coffee.png",
      "--json",
      "--top",
      "2",
      "--repeat",
      "0",
      "--crop",
      "fit",
    );
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.metadata).toMatchObject({ format: "CoreML", quantization: "F16" });
    expect(result.top).toHaveLength(2);
    expect(result.top[0].probability).toBeGreaterThan(result.top[1].probability);
    expect(result.timing).toMatchObject({ runs: 0, medianMs: null });
    expect(result.crop).toBe("fit");
  });
});

describe("inputs", () => {
  const model = fixtureModel("add_one");
  const output = async (...args: string[]) => {
    const { code, stdout, stderr } = await bunRun("infer", model, ...args, "--json", "--repeat", "0");
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return Object.values(
      JSON.parse(stdout).outputs as Record<
        string,
        { first: number[]; shape: number[]; min: number; mean: number; max: number }
      >,
    )[0]!;
  };
  const numbers = [0, 1, 2, 3, 4, 5, 6, 7];

  test("a literal, with and without a name", async () => {
    expect((await output(JSON.stringify([numbers]))).first).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await output(`x=${JSON.stringify(numbers)}`)).first).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test(".npy of another type, .json", async () => {
    const npy = write("x.npy", encodeNpy(Tensor.from([numbers], undefined, "float64")));
    expect(await output(npy)).toMatchObject({ shape: [1, 8], min: 1, mean: 4.5, max: 8 });
    expect((await output(`x=${write("x.json", JSON.stringify(numbers))}`)).max).toBe(8);
  });

  test("several inputs by name; the text shows type, shape, range and values", async () => {
    const { code, stdout } = await bunRun("infer", fixtureModel("two_outputs"), "--repeat", "0");
    expect(code).toBe(2);
    expect(stdout).toBe("");
    const one = await bunRun("infer", model, JSON.stringify(numbers), "--repeat", "0");
    expect(one.stdout).toMatch(/float16 \[1, 8\] {2}min 1 {2}mean 4\.5 {2}max 8 {2}1 2 3 4 5 6 7 8\n/);
  });

  test.each([
    ["a missing input", [], 2, "error: input x is missing; the model takes x\n"],
    ["an input given twice", ["x=[1]", "x=[2]"], 2, "error: input x is given twice\n"],
    ["an unknown name", ["q=[1]"], 2, "error: q=[1]: write name=INPUT with one of the model's inputs: x\n"],
    ["a file that is not there", ["nowhere.npy"], 1, "error: nowhere.npy: no such file\n"],
    ["text for numbers", ["hello"], 1, "error: input x: hello is neither JSON nor a file that exists\n"],
    ["a wrong length", ["[1, 2]"], 1, 'error: feature "x" takes float16 [1, 8], got 2 elements\n'],
    [
      "a picture for a tensor",
      ["x=models/photos/cat.png"],
      2,
      "error: input x is a tensor, models/photos/cat.png a picture: convert it to .npy\n",
    ],
  ])("%s is refused", async (_, args, expectedCode, message) => {
    const { code, stdout, stderr } = await bunRun("infer", model, ...args);
    expect(stderr).toStartWith(message);
    expect(stdout).toBe("");
    expect(code).toBe(expectedCode);
  });

  test("a missing model is one line and exit code 1", async () => {
    const { code, stderr } = await bunRun("infer", "nowhere.mlpackage", "[1]");
    expect(stderr).toMatch(/^error: .*nowhere\.mlpackage.*\n$/);
    expect(code).toBe(1);
  });
});

describe("--output", () => {
  test("writes tensors as .npy", async () => {
    const { stdout } = await bunRun(
      "infer",
      fixtureModel("add_one"),
      "[1,2,3,4,5,6,7,8]",
      "--output",
      folder,
      "--repeat",
      "1",
    );
    const path = /^wrote (\S+\.npy)$/m.exec(stdout)![1]!;
    expect(decodeNpy(await Bun.file(path).bytes()).toArray()).toEqual([[2, 3, 4, 5, 6, 7, 8, 9]]);
    expect(stdout).toContain("next run ");
  });

  test("writes images as .png", async () => {
    const { stdout } = await bunRun(
      "infer",
      fixtureModel("image_to_image"),
      "models/photos/cat.png",
      "--output",
      folder,
      "--repeat",
      "0",
    );
    const image = await Image.open(/^wrote (\S+\.png)$/m.exec(stdout)![1]!);
    expect(stdout).toContain(`${image.width}×${image.height} RGB image`);
  });

  test("writes classes as .json", async () => {
    await bunRun("infer", fixtureModel("classifier_int64"), "[1,2,3,4,5,6]", "--output", folder, "--repeat", "0");
    const probabilities = await Bun.file(join(folder, "classLabel_probs.json")).json();
    expect(Object.keys(probabilities).sort()).toEqual(["-7", "10", "4000000000"]);
  });
});
