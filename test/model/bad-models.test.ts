import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadModel, TensorLogicError } from "../../src/index.ts";
import { fixtures } from "./fixture-case.ts";

/** What the message has to name, besides the file. */
const mustName: Record<string, RegExp> = {
  future_version: /99/,
  huge_shape: /1099511627776/,
  manifest_outside: /\.\.\//,
  missing_parameter: /\badd\b.*\by\b/s,
  undefined_value: /nowhere/,
  unknown_operation: /frobnicate/,
  weight_offset: /1099511627776/,
  weight_outside: /passwd/,
  weights_missing: /com\.apple\.CoreML\/weights/,
};

test("every bad model has a line here", () => {
  expect(readdirSync(join(fixtures, "bad")).sort()).toEqual(Object.keys(mustName).map((name) => `${name}.mlpackage`));
});

test.each(Object.entries(mustName))("%s is refused by name", async (name, expected) => {
  const path = join(fixtures, "bad", `${name}.mlpackage`);
  const error = await loadModel(path).then(
    () => undefined,
    (reason) => reason as unknown,
  );
  expect(error).toBeInstanceOf(TensorLogicError);
  const { message } = error as TensorLogicError;
  expect(message).toContain(`${name}.mlpackage`);
  expect(message).toMatch(expected);
});
