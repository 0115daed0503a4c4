import { expect, test } from "bun:test";
import { checkCropMode, cropModes, cutRgba, planFit } from "../../src/image/fit.ts";

test("center scales the shorter side and cuts the middle out", () => {
  expect(planFit(451, 300, 224, 224, "center")).toEqual({ scaledWidth: 337, scaledHeight: 224, left: 56, top: 0 });
});

test("imagenet scales the shorter side to 8/7 of the size and cuts the middle out", () => {
  expect(planFit(451, 300, 224, 224, "imagenet")).toEqual({ scaledWidth: 385, scaledHeight: 256, left: 80, top: 16 });
});

test.each(cropModes)("%s takes a picture of the right size as it is", (crop) => {
  expect(planFit(224, 224, 224, 224, crop)).toEqual({ scaledWidth: 224, scaledHeight: 224, left: 0, top: 0 });
});

test("fit scales the longer side and centres with bars", () => {
  expect(planFit(400, 200, 100, 100, "fit")).toEqual({ scaledWidth: 100, scaledHeight: 50, left: 0, top: -25 });
});

test("fill stretches", () => {
  expect(planFit(400, 200, 100, 100, "fill")).toEqual({ scaledWidth: 100, scaledHeight: 100, left: 0, top: 0 });
});

test("an extreme aspect ratio keeps at least one pixel", () => {
  expect(planFit(10_000, 1, 10, 10, "fit").scaledHeight).toBe(1);
});

const numbered = (width: number, height: number) => Uint8Array.from({ length: width * height * 4 }, (_, i) => i >> 2);

test("a cut takes the planned window", () => {
  const cut = cutRgba(numbered(4, 2), 4, 2, { scaledWidth: 4, scaledHeight: 2, left: 1, top: 0 }, 2, 2);
  expect([...cut].filter((_, i) => i % 4 === 0)).toEqual([1, 2, 5, 6]);
});

test("what lies outside the picture is opaque black", () => {
  const cut = cutRgba(numbered(2, 1), 2, 1, { scaledWidth: 2, scaledHeight: 1, left: 0, top: -1 }, 2, 3);
  const black = [0, 0, 0, 255, 0, 0, 0, 255];
  expect([...cut]).toEqual(black.concat([0, 0, 0, 0, 1, 1, 1, 1], black));
});

test("an unknown mode is refused by name", () => {
  expect(() => checkCropMode("cover")).toThrow('crop is "cover", expected center, imagenet, fit, fill');
});
