import { ImageError } from "../errors.ts";
import { encodeBmp } from "./bmp.ts";
import { cutRgba, planFit, type CropMode } from "./fit.ts";
import { readPngPixels } from "./png.ts";

/** Tightly packed RGBA, 8 bits per channel. */
export interface RgbaPixels {
  data: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
}

/** An encoded picture (any container that Bun.Image reads) and what to call it in messages. */
export interface EncodedPicture {
  bytes: Uint8Array;
  name: string;
}

/** Width and height as shown (after EXIF orientation), without decoding pixels. */
export async function readSize({ bytes, name }: EncodedPicture): Promise<{ width: number; height: number }> {
  try {
    const { width, height } = await new Bun.Image(bytes).metadata();
    return { width, height };
  } catch (cause) {
    throw decodeError(name, cause);
  }
}

/** The picture as RGBA, scaled to exactly the given size if one is given. */
export function decodeRgba(picture: EncodedPicture, size?: { width: number; height: number }): Promise<RgbaPixels> {
  return pipeline(picture, size)
    .bytes()
    .then(
      (png) => toRgba(png),
      (cause) => {
        throw decodeError(picture.name, cause);
      },
    );
}

/** `decodeRgba` on this thread. */
export function decodeRgbaSync(picture: EncodedPicture, size?: { width: number; height: number }): RgbaPixels {
  let png: unknown;
  try {
    // The one synchronous way through Bun.Image (1.4.5): as the body of a Response it is encoded at once, and its bytes are there at once.
    png = Bun.peek(new Response(pipeline(picture, size) as unknown as Blob).bytes());
  } catch (cause) {
    throw decodeError(picture.name, cause);
  }
  if (!(png instanceof Uint8Array))
    throw new ImageError(
      `${picture.name}: this Bun (${Bun.version}) decodes pictures only asynchronously; use predict()`,
    );
  return toRgba(png);
}

/** The picture fitted to a target size, see CropMode. `decode` is one of the two functions above. */
export function fitPicture<R extends RgbaPixels | Promise<RgbaPixels>>(
  picture: EncodedPicture & { width: number; height: number },
  target: { width: number; height: number },
  crop: CropMode,
  decode: (picture: EncodedPicture, size?: { width: number; height: number }) => R,
): R {
  const plan = planFit(picture.width, picture.height, target.width, target.height, crop);
  const scaled = { width: plan.scaledWidth, height: plan.scaledHeight };
  const isScaled = scaled.width !== picture.width || scaled.height !== picture.height;
  const cut = (pixels: RgbaPixels): RgbaPixels => {
    if (pixels.width === target.width && pixels.height === target.height) return pixels;
    return { ...target, data: cutRgba(pixels.data, pixels.width, pixels.height, plan, target.width, target.height) };
  };
  const decoded = decode(picture, isScaled ? scaled : undefined);
  return (decoded instanceof Promise ? decoded.then(cut) : cut(decoded)) as R;
}

/** Raw RGBA as a picture for the functions above and for encoding. */
export function wrapRgba(pixels: RgbaPixels, name: string): EncodedPicture {
  return { bytes: encodeBmp({ ...pixels, channels: 4 }), name };
}

function pipeline({ bytes }: EncodedPicture, size?: { width: number; height: number }): Bun.Image {
  const image = new Bun.Image(bytes);
  // Catmull-Rom: the bicubic filter of the usual training pipelines, and the same code on every system (only lanczos3 differs on macOS).
  if (size) image.resize(size.width, size.height, { fit: "fill", filter: "cubic" });
  return image.png({ compressionLevel: 0 });
}

function toRgba(png: Uint8Array): RgbaPixels {
  const { data, width, height, channels } = readPngPixels(png);
  if (channels === 4) return { data, width, height };
  const rgba = new Uint8Array(width * height * 4).fill(255);
  const isGray = channels < 3;
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
    rgba[to] = data[from]!;
    rgba[to + 1] = data[isGray ? from : from + 1]!;
    rgba[to + 2] = data[isGray ? from : from + 2]!;
    if (channels === 2) rgba[to + 3] = data[from + 1]!;
  }
  return { data: rgba, width, height };
}

function decodeError(name: string, cause: unknown): ImageError {
  const text = cause instanceof Error ? cause.message.replace(/^Image: /, "") : String(cause);
  return new ImageError(`${name}: ${text}`, { cause });
}
