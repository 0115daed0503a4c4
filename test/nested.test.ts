import { expect, test } from "bun:test";
import { flattenNumbers, nestNumbers } from "../src/nested.ts";

test("nested arrays become flat data and a shape, and come back", () => {
  const nested = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const { data, shape } = flattenNumbers(nested);
  expect(shape).toEqual([2, 3]);
  expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(nestNumbers(data, shape)).toEqual(nested);
});

test("a number is a scalar", () => {
  expect(flattenNumbers(7)).toEqual({ data: Float64Array.of(7), shape: [] });
});

test.each([
  [[[1, 2], [3]], "data[1] is an array of length 1, expected 2 elements"],
  [[1, "2"], 'data[1] is "2", expected a number'],
  [[[1], 2], "data[1] is 2, expected 1 elements"],
  [[[1, [2]]], "data[0][1] is an array of length 1, expected a number"],
])("%p is refused with its place", (value, message) => {
  expect(() => flattenNumbers(value as never)).toThrow(message);
});
