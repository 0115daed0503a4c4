import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Image, ImageError, NotFoundError } from "../src/index.ts";

const models = join(import.meta.dir, "..", "models");
const bytes = (...values: number[]) => Uint8Array.from(values);

describe("raw pixels", () => {
  test("come back as they went in", () => {
    const rgb = bytes(1, 2, 3, 4, 5, 6);
    expect(Image.fromPixels(rgb, { width: 2, height: 1, mode: "RGB" }).toPixels()).toEqual({
      data: rgb,
      width: 2,
      height: 1,
      mode: "RGB",
    });
  });

  test("are copied", () => {
    const grey = bytes(7);
    const image = Image.fromPixels(grey, { width: 1, height: 1, mode: "L" });
    grey[0] = 9;
    expect([...image.toPixels("L").data]).toEqual([7]);
  });

  test("grey from colour is BT.601 luma, alpha is 255", () => {
    const image = Image.fromPixels(bytes(255, 0, 0, 0, 255, 0, 0, 0, 255), { width: 3, height: 1, mode: "RGB" });
    const luma = [...image.toPixels("L").data];
    for (const [i, want] of [76.2, 149.7, 29.1].entries()) expect(Math.abs(luma[i]! - want)).toBeLessThanOrEqual(1);
    expect([...image.toPixels("RGBA").data]).toEqual([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255]);
  });

  test("F keeps fractions and becomes clamped bytes", () => {
    const image = Image.fromPixels(Float32Array.of(0.25, 300, -4), { width: 3, height: 1, mode: "F" });
    expect([...image.toPixels("F").data]).toEqual([0.25, 300, -4]);
    expect([...image.toPixels("L").data]).toEqual([0, 255, 0]);
  });

  const refused: [string, () => unknown, string][] = [
    [
      "a wrong length",
      () => Image.fromPixels(bytes(1, 2), { width: 1, height: 1, mode: "RGB" }),
      "data has 2 elements, 1×1 RGB has 3",
    ],
    [
      "a NaN width",
      () => Image.fromPixels(bytes(1), { width: Number.NaN, height: 1, mode: "L" }),
      "width is NaN, expected 1 to 65536",
    ],
    ["height zero", () => Image.fromPixels(bytes(1), { width: 1, height: 0, mode: "L" }), "height is 0"],
    [
      "an unknown mode",
      () => Image.fromPixels(bytes(1), { width: 1, height: 1, mode: "CMYK" as never }),
      'mode is "CMYK", expected RGB, RGBA, L or F',
    ],
    [
      "floats as RGB",
      () => Image.fromPixels(new Float32Array(3), { width: 1, height: 1, mode: "RGB" }),
      "takes a Uint8Array",
    ],
    ["bytes as F", () => Image.fromPixels(bytes(1), { width: 1, height: 1, mode: "F" }), "takes a Float32Array"],
  ];
  test.each(refused)("%s is refused", (_, call, message) => expect(call).toThrow(message));
});

describe("files", () => {
  test.each([
    ["photos/cat.png", 451, 300],
    ["photos/rocket.jpg", 640, 427],
  ])("%s is %i×%i", async (file, width, height) => {
    const image = await Image.open(join(models, file));
    expect([image.width, image.height]).toEqual([width, height]);
    expect(image.toPixels("RGB").data).toHaveLength(width * height * 3);
  });

  test.each(["png", "webp", "jpeg"] as const)("%s is written and read back", async (format) => {
    const pixels = new Uint8Array(16 * 8 * 3).fill(200);
    const encoded = await Image.fromPixels(pixels, { width: 16, height: 8, mode: "RGB" }).encode(format);
    const image = await Image.decode(encoded);
    expect([image.width, image.height]).toEqual([16, 8]);
    for (const value of image.toPixels().data) expect(Math.abs(value - 200)).toBeLessThanOrEqual(3);
  });

  test("EXIF orientation turns size and pixels", async () => {
    // 8×4, left half black, saved with orientation 6: shown as 4×8, upper half black.
    const data = new Uint8Array(8 * 4 * 3).map((_, i) => (((i / 3) | 0) % 8 < 4 ? 0 : 255));
    const jpeg = await Image.fromPixels(data, { width: 8, height: 4, mode: "RGB" }).encode("jpeg");
    const exif = [
      0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1,
      0, 6, 0, 0, 0, 0, 0, 0,
    ];
    const image = await Image.decode(Buffer.concat([jpeg.subarray(0, 2), Uint8Array.from(exif), jpeg.subarray(2)]));
    expect([image.width, image.height]).toEqual([4, 8]);
    const grey = image.toPixels("L").data;
    expect(grey[0]).toBeLessThan(40);
    expect(grey.at(-1)).toBeGreaterThan(215);
  });

  test("a missing file is named", async () => {
    const attempt = Image.open("nowhere.jpg");
    await expect(attempt).rejects.toThrow(NotFoundError);
    await expect(attempt).rejects.toThrow("nowhere.jpg: no such file");
  });

  test("other data is refused with the file's name and the formats", async () => {
    await expect(Image.open(join(models, "labels.txt"))).rejects.toThrow(/labels\.txt: unrecognised format/);
    await expect(Image.decode(new Uint8Array(0), "empty.png")).rejects.toThrow("empty.png: empty file");
  });

  test("a truncated picture is refused when its pixels are needed", async () => {
    const whole = await Bun.file(join(models, "photos/cat.png")).bytes();
    const image = await Image.decode(whole.subarray(0, 5000), "cut.png");
    expect(() => image.toPixels()).toThrow(ImageError);
    await expect(image.resize(8, 8)).rejects.toThrow("cut.png: decode failed");
  });
});

describe("fitting", () => {
  test("both ways to fit give the same pixels", async () => {
    const image = await Image.open(join(models, "photos/cat.png"));
    const other = await Image.open(join(models, "photos/cat.png"));
    const away = await image.prepare(64, 48, "center", "RGBA");
    const here = other.prepareSync(64, 48, "center", "RGBA");
    expect(new Uint8Array(away.buffer.bytes)).toEqual(new Uint8Array(here.buffer.bytes));
  });

  test("the same request is answered from memory", async () => {
    const image = await Image.open(join(models, "photos/cat.png"));
    expect(image.prepareSync(8, 8, "fill", "RGBA")).toBe(await image.prepare(8, 8, "fill", "RGBA"));
    expect(image.prepareSync(8, 8, "fit", "RGBA")).not.toBe(await image.prepare(8, 8, "fill", "RGBA"));
  });

  test("fit adds black bars, center cuts, fill keeps both ends", async () => {
    // Red, green and blue thirds, 96×32.
    const data = new Uint8Array(96 * 32 * 3).map((_, i) => (i % 3 === Math.floor((((i / 3) | 0) % 96) / 32) ? 255 : 0));
    const image = Image.fromPixels(data, { width: 96, height: 32, mode: "RGB" });
    const pixel = (fitted: Image, x: number, y: number) => [
      ...fitted.toPixels("RGB").data.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3),
    ];
    expect(pixel(await image.resize(32, 32, { crop: "center" }), 2, 16)).toEqual([0, 255, 0]);
    expect(pixel(await image.resize(32, 32, { crop: "fill" }), 2, 16)).toEqual([255, 0, 0]);
    const fitted = await image.resize(32, 32, { crop: "fit" });
    expect(pixel(fitted, 16, 2)).toEqual([0, 0, 0]);
    expect(pixel(fitted, 2, 16)).toEqual([255, 0, 0]);
  });

  test("an F picture of another size is refused", () => {
    const image = Image.fromPixels(new Float32Array(4), { width: 2, height: 2, mode: "F" });
    expect(() => image.prepareSync(4, 4, "center", "F16")).toThrow("an F picture of 2×2 cannot be scaled to 4×4");
  });
});
