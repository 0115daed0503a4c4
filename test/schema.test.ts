import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describeModel, loadModelHandle } from "../src/native/model.ts";
import { modelDescription, parseLoadOptions } from "../src/schema.ts";
import { fixtureModel, fixtures } from "./support/fixtures.ts";

test("known options pass", () => {
  expect(parseLoadOptions({ computeUnits: "cpuOnly", precision: "f32" })).toEqual({
    computeUnits: "cpuOnly",
    precision: "f32",
  });
});

test.each([
  [{ computeUnits: "gpu" }, 'computeUnits is "gpu"'],
  [{ computeUnits: Number.NaN }, "computeUnits is null"],
  [{ functionName: "" }, 'functionName is ""'],
  [{ units: "all" }, 'Unrecognized key: "units"'],
  [null, "expected object"],
])("options %p are refused by name", (options, message) => {
  expect(() => parseLoadOptions(options)).toThrow(message);
});

const models = [
  join(import.meta.dir, "../models/efficientnet_lite0.mlpackage"),
  ...readdirSync(fixtures).map((id) => fixtureModel(id)),
];

test.each(models)("the library describes %s as the schema says", async (path) => {
  const handle = await loadModelHandle(path, {});
  try {
    expect(modelDescription.safeParse(describeModel(handle)).error?.message).toBeUndefined();
  } finally {
    handle.release();
  }
});

test("the schema sees a missing and an additional field", () => {
  const { error } = modelDescription.safeParse({ format: "CoreML", surprise: 1 });
  expect(error?.message).toContain("quantization");
  expect(error?.message).toContain("surprise");
});
