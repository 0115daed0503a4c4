import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadModel, TensorLogicError } from "../../src/index.ts";
import { fixtures } from "./fixture-case.ts";

/** What the message has to name, besides the file. */
const mustName: Record<string, RegExp> = {
  custom_layer: /layer 'norm'.*TheirLayer/,
  future_version: /99/,
  huge_shape: /1099511627776/,
  layer_input: /layer 'norm'.*nowhere/,
  layer_kernel: /layer 'conv' \(convolution\).*stride/,
  layer_weights: /layer 'conv' \(convolution\).*7 bytes of 2 bits/,
  manifest_outside: /\.\.\//,
  missing_parameter: /\badd\b.*\by\b/s,
  undefined_value: /nowhere/,
  unknown_operation: /frobnicate/,
  weight_offset: /1099511627776/,
  weight_outside: /passwd/,
  weights_missing: /com\.apple\.CoreML\/weights/,
};

const files = readdirSync(join(fixtures, "bad")).sort();

test("every bad model has a line here", () => {
  expect(files.map((file) => file.split(".")[0]!)).toEqual(Object.keys(mustName));
});

test.each(files)("%s is refused by name", async (file) => {
  const error = await loadModel(join(fixtures, "bad", file)).then(
    () => undefined,
    (reason) => reason as unknown,
  );
  expect(error).toBeInstanceOf(TensorLogicError);
  const { message } = error as TensorLogicError;
  expect(message).toContain(file);
  expect(message).toMatch(mustName[file.split(".")[0]!]!);
});
