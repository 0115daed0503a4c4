import { check, native } from "./library.ts";
import { toU32 } from "./arguments.ts";

/** `enum tl_pixels` of tensorlogic.h and the bytes of one pixel. */
export const pixelLayouts = {
  BGRA: { code: 1, byteLength: 4 },
  RGBA: { code: 2, byteLength: 4 },
  RGB: { code: 3, byteLength: 3 },
  L: { code: 4, byteLength: 1 },
  F16: { code: 5, byteLength: 2 },
} as const;

export type PixelLayout = keyof typeof pixelLayouts;

/** The layout with the number `code`. */
export function pixelLayoutOf(code: number): PixelLayout | undefined {
  return (Object.keys(pixelLayouts) as PixelLayout[]).find((name) => pixelLayouts[name].code === code);
}

/** Converts pixels between layouts; rows of the target are tightly packed. */
export function convertPixels(
  source: NodeJS.TypedArray,
  from: PixelLayout,
  sourceBytesPerRow: number,
  target: NodeJS.TypedArray,
  to: PixelLayout,
  width: number,
  height: number,
): void {
  const targetBytesPerRow = width * pixelLayouts[to].byteLength;
  check(
    native().tl_image_convert(
      source,
      pixelLayouts[from].code,
      toU32(sourceBytesPerRow, "bytesPerRow", 1),
      target,
      pixelLayouts[to].code,
      targetBytesPerRow,
      toU32(width, "width", 1),
      toU32(height, "height", 1),
    ),
  );
}
