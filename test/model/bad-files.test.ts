import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  mkdirSync,
  readFileSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FormatError, loadModel, NotFoundError, TensorLogicError } from "../../src/index.ts";
import { fixtureModel } from "../support/fixtures.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "tensorlogic-bad-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of a good package with one change. */
function spoiled(name: string, change: (modelFile: string, packageFolder: string) => void, from = "linear"): string {
  const path = join(folder, `${name}.mlpackage`);
  cpSync(fixtureModel(from), path, { recursive: true });
  const data = join(path, "Data", "com.apple.CoreML");
  change(
    join(
      data,
      readdirSync(data).find((file) => file.endsWith(".mlmodel"))!,
    ),
    path,
  );
  return path;
}

async function failure(path: string): Promise<TensorLogicError> {
  try {
    (await loadModel(path)).dispose();
  } catch (error) {
    expect(error).toBeInstanceOf(TensorLogicError);
    return error as TensorLogicError;
  }
  throw new Error(`${path} was loaded`);
}

describe("files", () => {
  test("a missing file is named", async () => {
    const error = await failure(join(folder, "nowhere.mlpackage"));
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error.message).toContain("nowhere.mlpackage");
  });

  test("an empty file", async () => {
    const path = join(folder, "empty.mlmodel");
    writeFileSync(path, "");
    const error = await failure(path);
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(/empty\.mlmodel.*empty/);
  });

  test("an empty folder", async () => {
    const path = join(folder, "hollow.mlpackage");
    mkdirSync(path);
    expect((await failure(path)).message).toContain("hollow.mlpackage");
  });

  test("text is not a model", async () => {
    const path = join(folder, "text.mlpackage");
    writeFileSync(path, "this is no model, whatever its name says\n".repeat(50));
    const error = await failure(path);
    expect(["FORMAT", "UNSUPPORTED"]).toContain(error.code);
    expect(error.message).toContain("text.mlpackage");
  });

  test("a package without a manifest", async () => {
    const path = spoiled("no-manifest", (_, root) => rmSync(join(root, "Manifest.json")));
    expect((await failure(path)).message).toMatch(/Manifest\.json/);
  });

  test("a manifest that is no JSON", async () => {
    const path = spoiled("bad-manifest", (_, root) => writeFileSync(join(root, "Manifest.json"), "{"));
    const error = await failure(path);
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(/Manifest\.json/);
  });

  test("a truncated protobuf, at every tenth of its length", async () => {
    const size = statSync(join(fixtureModel("linear"), "Data/com.apple.CoreML/model.mlmodel")).size;
    for (let tenth = 0; tenth < 10; tenth++) {
      const path = spoiled(`cut-${tenth}`, (file) => truncateSync(file, Math.floor((size * tenth) / 10)));
      expect(["FORMAT", "UNSUPPORTED"]).toContain((await failure(path)).code);
    }
  });

  test("a truncated weight file", async () => {
    const path = spoiled("short-weights", (_, root) =>
      truncateSync(join(root, "Data/com.apple.CoreML/weights/weight.bin"), 100),
    );
    expect((await failure(path)).code).toBe("FORMAT");
  });

  test("flipped bytes never crash the process", async () => {
    const good = readFileSync(join(fixtureModel("linear"), "Data/com.apple.CoreML/model.mlmodel"));
    let seed = 7;
    const random = (limit: number) => (seed = (seed * 48271) % 0x7fffffff) % limit;
    for (let round = 0; round < 60; round++) {
      const bytes = Uint8Array.from(good);
      for (let i = 0; i < 4; i++) bytes[random(bytes.length)] = random(256);
      const path = spoiled(`flip-${round}`, (file) => writeFileSync(file, bytes));
      const outcome = await loadModel(path).then(
        (model) => model.dispose(),
        (error: unknown) => error,
      );
      if (outcome !== undefined) expect(outcome).toBeInstanceOf(TensorLogicError);
    }
  });
});

describe("options of loadModel", () => {
  test.each([
    [{ computeUnits: "ane" }, 'computeUnits is "ane"'],
    [{ computeUnits: Number.NaN }, "computeUnits is null"],
    [{ unknown: 1 }, "unknown"],
  ])("%p is refused", async (options, message) => {
    await expect(loadModel(fixtureModel("add_one"), options as never)).rejects.toThrow(message);
  });

  test("a function that the model does not have", async () => {
    const attempt = loadModel(fixtureModel("add_one"), { functionName: "minus" });
    await expect(attempt).rejects.toThrow(/minus/);
  });

  test.each([
    ["", "an empty path"],
    [5, "a number"],
    [null, "null"],
  ])("path %p is refused", async (path) => {
    await expect(loadModel(path as never)).rejects.toThrow("path is");
  });
});
