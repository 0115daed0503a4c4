import { describe, expect, test } from "bun:test";
import { acceptsShape, checkNames, formatFeature } from "../src/features.ts";
import type { Feature } from "../src/schema.ts";

const tensor = (more: Partial<Feature>): Feature => ({
  name: "x",
  type: "tensor",
  optional: false,
  dtype: "float16",
  ...more,
});
const fixed = tensor({ shape: [1, 3] });
const ranged = tensor({
  shape: [1, 8],
  flexible: {
    ranges: [
      [1, 1],
      [4, null],
    ],
  },
});
const listed = tensor({
  shape: [8, 8],
  flexible: {
    enumerated: [
      [8, 8],
      [12, 20],
    ],
  },
});

test.each([
  [fixed, [1, 3], true],
  [fixed, [3, 1], false],
  [fixed, [1, 3, 1], false],
  [ranged, [1, 4], true],
  [ranged, [1, 4_000], true],
  [ranged, [1, 3], false],
  [ranged, [2, 4], false],
  [listed, [12, 20], true],
  [listed, [12, 12], false],
  [tensor({ shape: [] }), [4, 5, 6], true],
])("feature %#: shape %p", (feature, shape, expected) => {
  expect(acceptsShape(feature, shape)).toBe(expected);
});

test.each([
  ["float16 [1, 3]", fixed],
  ["float16 [1, 4…]", ranged],
  ["float16 [8, 8] or [12, 20]", listed],
  ["a 224×100 BGR image", tensor({ type: "image", width: 224, height: 100, colorSpace: "BGR" })],
  ["an int64", tensor({ type: "int64" })],
  ["a dictionary of int64 → number", tensor({ type: "dictionary", keyType: "int64" })],
])("a feature reads %s to a user", (text, feature) => {
  expect(formatFeature(feature)).toBe(text);
});

describe("names", () => {
  test("an unknown input is refused with the known ones", () => {
    expect(() => checkNames([fixed], ["x", "y"], "input")).toThrow('the model has no input "y"; its inputs: "x"');
  });

  test("a missing input says what the model takes", () => {
    expect(() => checkNames([fixed], [], "input")).toThrow('input "x" is missing: the model takes float16 [1, 3]');
  });

  test("an optional input may be left out, an output need not be bound", () => {
    checkNames([{ ...fixed, optional: true }], [], "input");
    checkNames([fixed], [], "output");
  });
});
