import { expect, test } from "bun:test";
import { parseLoadOptions, parseModelDescription } from "../src/schema.ts";

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

test("a description that lacks a field names it", () => {
  expect(() => parseModelDescription({ format: "CoreML" })).toThrow("kind is undefined");
});
