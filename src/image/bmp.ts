import type { RawPixels } from "./png.ts";

/** RGB or RGBA pixels as a BMP, the one uncompressed container that Bun.Image decodes; this is how raw pixels enter its pipeline. */
export function encodeBmp({ data, width, height }: RawPixels & { channels: 4 }): Uint8Array<ArrayBuffer> {
  // A BITMAPV4HEADER with channel masks keeps the alpha channel and the byte order RGBA; a negative height means top row first.
  const headerLength = 14 + 108;
  const file = new Uint8Array(headerLength + data.length);
  const view = new DataView(file.buffer);
  view.setUint16(0, 0x4d42, true);
  view.setUint32(2, file.length, true);
  view.setUint32(10, headerLength, true);
  view.setUint32(14, 108, true);
  view.setInt32(18, width, true);
  view.setInt32(22, -height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 32, true);
  view.setUint32(30, 3, true);
  view.setUint32(34, data.length, true);
  for (const [channel, mask] of [0xff, 0xff00, 0xff0000, 0xff000000].entries())
    view.setUint32(54 + channel * 4, mask, true);
  file.set(data, headerLength);
  return file;
}
