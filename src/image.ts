import { ArgumentError, ImageError, IoError, NotFoundError } from "./errors.ts";
import {
  decodeRgba,
  decodeRgbaSync,
  fitPicture,
  readSize,
  wrapRgba,
  type EncodedPicture,
  type RgbaPixels,
} from "./image/codec.ts";
import { checkCropMode, type CropMode } from "./image/fit.ts";
import { SharedBuffer } from "./native/buffer.ts";
import { checkView } from "./native/arguments.ts";
import { convertPixels, pixelLayouts, type PixelLayout } from "./native/image.ts";
import { convertElements } from "./native/tensor.ts";
import { dtypeOf } from "./dtype.ts";
import { describe } from "./shape.ts";

/** Channels per pixel: 8-bit RGB, RGBA and L (grey), or F, grey as floating point. */
export type ImageMode = "RGB" | "RGBA" | "L" | "F";

const channelCounts: Readonly<Record<ImageMode, number>> = { RGB: 3, RGBA: 4, L: 1, F: 1 };

export interface Pixels<M extends ImageMode = ImageMode> {
  /** Rows from the top, tightly packed. */
  data: M extends "F" ? Float32Array<ArrayBuffer> : Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
  mode: M;
}

/** Pixels in memory that the library can read, in the layout asked for. @internal */
export interface PreparedPixels {
  buffer: SharedBuffer;
  layout: PixelLayout;
  width: number;
  height: number;
}

/** What an Image holds: a file's bytes until pixels are needed, or pixels. */
type Source =
  { encoded: EncodedPicture } | { pixels: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>; mode: ImageMode };

/**
 * A picture. Files are decoded (and scaled to a model's size) when a model or `toPixels` needs the pixels.
 *
 * ```ts
 * const photo = await Image.open("models/photos/cat.png");
 * photo.width; // 451
 * photo.toPixels("RGB").data.length; // 405900
 * ```
 */
export class Image {
  readonly width: number;
  readonly height: number;
  readonly mode: ImageMode;
  readonly #source: Source;
  /** The last pixels made for a model: predicting the same picture again costs no second decoding. */
  #prepared: { key: string; pixels: PreparedPixels } | undefined;

  private constructor(width: number, height: number, mode: ImageMode, source: Source) {
    this.width = width;
    this.height = height;
    this.mode = mode;
    this.#source = source;
  }

  /** Opens a JPEG, PNG, WebP, GIF or BMP file (on macOS also HEIC, AVIF, TIFF); EXIF orientation is applied. */
  static async open(path: string | URL): Promise<Image> {
    if (typeof path !== "string" && !(path instanceof URL))
      throw new ArgumentError(`path is ${describe(path)}, expected a string or URL`);
    const name = typeof path === "string" ? path : path.pathname;
    // Loaded where it is used: 2 ms of a process's start (Bun 1.4.5, 2026-11-25).
    const { readFile } = await import("node:fs/promises");
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      throw code === "ENOENT"
        ? new NotFoundError(`${name}: no such file`, { cause })
        : new IoError(`${name}: ${message}`, { cause });
    }
    return Image.decode(bytes, name);
  }

  /** A picture from a file's bytes; `name` is used in error messages. */
  static async decode(bytes: Uint8Array | ArrayBuffer, name = "picture"): Promise<Image> {
    const view = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
    if (!(view instanceof Uint8Array))
      throw new ArgumentError(`${name}: bytes is ${describe(bytes)}, expected a Uint8Array`);
    if (view.length === 0) throw new ImageError(`${name}: empty file`);
    const encoded = { bytes: view, name };
    const { width, height } = await readSize(encoded);
    return new Image(width, height, "RGB", { encoded });
  }

  /** A picture from raw pixels, which are copied. RGB, RGBA and L take bytes, F takes floating point numbers. */
  static fromPixels(
    data: Uint8Array | Uint8ClampedArray | Float32Array | Float16Array | Float64Array,
    { width, height, mode }: { width: number; height: number; mode: ImageMode },
  ): Image {
    checkSize(width, height);
    if (!Object.hasOwn(channelCounts, mode))
      throw new ArgumentError(`mode is ${describe(mode)}, expected RGB, RGBA, L or F`);
    const dtype = dtypeOf(data);
    if (dtype === undefined || (mode === "F") !== dtype.startsWith("float") || (mode !== "F" && dtype !== "uint8")) {
      throw new ArgumentError(
        `data is ${describe(data)}, a picture of mode ${mode} takes a ${mode === "F" ? "Float32Array" : "Uint8Array"}`,
      );
    }
    checkView(data, "data");
    const expected = width * height * channelCounts[mode];
    if (data.length !== expected)
      throw new ArgumentError(`data has ${data.length} elements, ${width}×${height} ${mode} has ${expected}`);
    const pixels = mode === "F" ? Float32Array.from(data as Float32Array) : Uint8Array.from(data as Uint8Array);
    return new Image(width, height, mode, { pixels, mode });
  }

  /** The pixels in a mode (grey from colour: BT.601 luma); decodes on this thread. */
  toPixels<M extends ImageMode = "RGB">(mode: M = (this.mode === "RGBA" ? "RGB" : this.mode) as M): Pixels<M> {
    if (!Object.hasOwn(channelCounts, mode))
      throw new ArgumentError(`mode is ${describe(mode)}, expected RGB, RGBA, L or F`);
    const { width, height } = this;
    const data = mode === "F" ? this.#toFloat() : this.#toBytes(mode);
    return { data: data as Pixels<M>["data"], width, height, mode };
  }

  /** The picture in another size; how it fits is stated in `crop`. The result has mode RGBA. */
  async resize(width: number, height: number, { crop = "center" }: { crop?: CropMode } = {}): Promise<Image> {
    const fitted = await fitPicture(this.#picture(), checkSize(width, height), checkCropMode(crop), decodeRgba);
    return new Image(width, height, "RGBA", { pixels: fitted.data, mode: "RGBA" });
  }

  /** The picture as the bytes of a file. F is clamped to 0…255. */
  async encode(format: "png" | "jpeg" | "webp" = "png"): Promise<Uint8Array> {
    const pipeline = new Bun.Image(this.#picture().bytes);
    return format === "png"
      ? pipeline.png().bytes()
      : format === "jpeg"
        ? pipeline.jpeg({ quality: 90 }).bytes()
        : pipeline.webp({ quality: 90 }).bytes();
  }

  /** Pixels for a model's image feature. @internal */
  async prepare(width: number, height: number, crop: CropMode, layout: PixelLayout): Promise<PreparedPixels> {
    return (
      this.#ready(width, height, crop, layout) ??
      this.#keep(width, height, crop, layout, await fitPicture(this.#picture(), { width, height }, crop, decodeRgba))
    );
  }

  /** `prepare` on this thread. @internal */
  prepareSync(width: number, height: number, crop: CropMode, layout: PixelLayout): PreparedPixels {
    return (
      this.#ready(width, height, crop, layout) ??
      this.#keep(width, height, crop, layout, fitPicture(this.#picture(), { width, height }, crop, decodeRgbaSync))
    );
  }

  toString(): string {
    return `Image ${this.mode} ${this.width}×${this.height}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Pixels that need no scaling, or that were made before. */
  #ready(width: number, height: number, crop: CropMode, layout: PixelLayout): PreparedPixels | undefined {
    const key = `${width}×${height} ${crop} ${layout}`;
    if (this.#prepared?.key === key) return this.#prepared.pixels;
    const isExact = width === this.width && height === this.height && "pixels" in this.#source;
    if (layout === "F16") {
      if (!isExact && this.mode === "F")
        throw new ImageError(
          `an F picture of ${this.width}×${this.height} cannot be scaled to ${width}×${height}: bring it to that size first`,
        );
      if (isExact) return this.#remember(key, this.#halfPixels(this.#toFloat(), width, height));
    }
    if (!isExact || this.mode === "F") return undefined;
    const buffer = SharedBuffer.allocate(width * height * pixelLayouts[layout].byteLength);
    const { pixels, mode } = this.#source as { pixels: Uint8Array; mode: "RGB" | "RGBA" | "L" };
    convertOrCopy(pixels, mode, new Uint8Array(buffer.bytes), layout, width, height);
    return this.#remember(key, { buffer, layout, width, height });
  }

  #keep(width: number, height: number, crop: CropMode, layout: PixelLayout, rgba: RgbaPixels): PreparedPixels {
    const key = `${width}×${height} ${crop} ${layout}`;
    if (layout === "F16") {
      const grey = new Uint8Array(width * height);
      convertOrCopy(rgba.data, "RGBA", grey, "L", width, height);
      return this.#remember(key, this.#halfPixels(Float32Array.from(grey), width, height));
    }
    const buffer = SharedBuffer.allocate(width * height * pixelLayouts[layout].byteLength);
    convertOrCopy(rgba.data, "RGBA", new Uint8Array(buffer.bytes), layout, width, height);
    return this.#remember(key, { buffer, layout, width, height });
  }

  #halfPixels(data: Float32Array, width: number, height: number): PreparedPixels {
    const buffer = SharedBuffer.allocate(width * height * 2);
    convertElements(data, "float32", new Float16Array(buffer.bytes), "float16", data.length);
    return { buffer, layout: "F16", width, height };
  }

  #remember(key: string, pixels: PreparedPixels): PreparedPixels {
    this.#prepared = { key, pixels };
    return pixels;
  }

  /** The picture as something that Bun.Image decodes. */
  #picture(): EncodedPicture & { width: number; height: number } {
    const { width, height } = this;
    if ("encoded" in this.#source) return { ...this.#source.encoded, width, height };
    return { ...wrapRgba({ data: this.#toBytes("RGBA"), width, height }, "picture"), width, height };
  }

  #toBytes(mode: "RGB" | "RGBA" | "L"): Uint8Array<ArrayBuffer> {
    const { width, height } = this;
    const out = new Uint8Array(width * height * channelCounts[mode]);
    if ("encoded" in this.#source) {
      convertOrCopy(decodeRgbaSync(this.#source.encoded).data, "RGBA", out, mode, width, height);
      return out;
    }
    const { pixels, mode: from } = this.#source;
    // A clamped array rounds to nearest even and clamps to 0…255.
    const bytes = from === "F" ? new Uint8Array(Uint8ClampedArray.from(pixels).buffer) : (pixels as Uint8Array);
    convertOrCopy(bytes, from === "F" ? "L" : from, out, mode, width, height);
    return out;
  }

  #toFloat(): Float32Array<ArrayBuffer> {
    if ("pixels" in this.#source && this.#source.mode === "F") return Float32Array.from(this.#source.pixels);
    return Float32Array.from(this.#toBytes("L"));
  }
}

function convertOrCopy(
  source: Uint8Array,
  from: "RGB" | "RGBA" | "L",
  target: Uint8Array,
  to: PixelLayout,
  width: number,
  height: number,
): void {
  if (from === to) target.set(source);
  else convertPixels(source, from, width * pixelLayouts[from].byteLength, target, to, width, height);
}

function checkSize(width: number, height: number): { width: number; height: number } {
  for (const [what, size] of Object.entries({ width, height })) {
    if (!Number.isInteger(size) || size < 1 || size > 65_536)
      throw new ArgumentError(`${what} is ${describe(size)}, expected 1 to 65536`);
  }
  return { width, height };
}
