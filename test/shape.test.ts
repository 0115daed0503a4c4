import { describe, expect, test } from "bun:test";
import * as shape from "../src/shape.ts";

test.each([
  [
    [2, 3, 4],
    [12, 4, 1],
  ],
  [[5], [1]],
  [[], []],
])("dense strides of %p are %p", (size, strides) => {
  expect(shape.denseStrides(size)).toEqual(strides);
});

test("axes of size 1 may have any stride in a dense layout", () => {
  expect(shape.isDense([1, 3], [99, 1])).toBe(true);
  expect(shape.isDense([2, 3], [4, 1])).toBe(false);
});

test("the span of a padded layout ends with its last element", () => {
  expect(shape.spanOf([2, 3], [32, 1])).toBe(35);
  expect(shape.spanOf([2, 0], [32, 1])).toBe(0);
});

describe("checkShape refuses", () => {
  test.each([
    ["no array", 7, "shape has to be an array of integers, got 7"],
    ["NaN", [1, Number.NaN], "shape[1] is NaN, expected a non-negative integer"],
    ["a negative size", [-1], "shape[0] is -1, expected a non-negative integer"],
    ["a fraction", [1.5], "shape[0] is 1.5, expected a non-negative integer"],
    ["a string", ["3"], 'shape[0] is "3", expected a non-negative integer'],
    ["too many elements", [2 ** 30, 2 ** 30], "too many elements"],
    ["too many axes", Array.from({ length: 17 }, () => 1), "shape has 17 axes"],
  ])("%s", (_, value, message) => {
    expect(() => shape.checkShape(value)).toThrow(message);
  });
});
