import { FormatError, UnsupportedError } from "../errors.ts";

export interface RawPixels {
  /** Tightly packed rows, 8 bits per channel. */
  data: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
  channels: 1 | 2 | 3 | 4;
}

const channelsOf: Readonly<Record<number, RawPixels["channels"]>> = { 0: 1, 2: 3, 4: 2, 6: 4 };

/**
 * Raw pixels of a PNG with 8 bits per channel, no palette, not interlaced: what Bun.Image writes. Bun.Image has no raw output (1.4.5), so
 * pixels travel through a PNG of compression level 0, whose inflation is a copy.
 */
export function readPngPixels(png: Uint8Array): RawPixels {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const parts: Uint8Array[] = [];
  let width = 0;
  let height = 0;
  let channels: RawPixels["channels"] | undefined;
  for (let at = 8; at + 12 <= png.length;) {
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    if (at + 12 + length > png.length) throw new FormatError("PNG: a chunk ends after the file");
    if (type === 0x49484452 /* IHDR */) {
      width = view.getUint32(at + 8);
      height = view.getUint32(at + 12);
      const [depth, colour, , , interlace] = png.subarray(at + 16, at + 21);
      channels = channelsOf[colour!];
      if (depth !== 8 || interlace !== 0) throw new UnsupportedError(`PNG: ${depth} bits, interlace ${interlace}`);
    } else if (type === 0x49444154 /* IDAT */) parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  if (!channels) throw new UnsupportedError("PNG: no header, or a palette");
  const rowLength = width * channels;
  const filtered = inflate(Buffer.concat(parts));
  if (filtered.length < (rowLength + 1) * height) throw new FormatError("PNG: pixel data ends early");
  const data = new Uint8Array(rowLength * height);
  for (let y = 0; y < height; y++) unfilterRow(filtered, y, rowLength, channels, data);
  return { data, width, height, channels };
}

/** The content of a zlib stream; its two header bytes and the checksum are skipped, for Bun.inflateSync takes bare deflate data. */
function inflate(stream: Buffer<ArrayBuffer>): Uint8Array {
  try {
    return Bun.inflateSync(stream.subarray(2, -4));
  } catch (cause) {
    throw new FormatError("PNG: the pixel data cannot be inflated", { cause });
  }
}

/** Undoes one row's filter (PNG specification, section 9). */
function unfilterRow(filtered: Uint8Array, y: number, rowLength: number, step: number, out: Uint8Array): void {
  const source = y * (rowLength + 1);
  const row = y * rowLength;
  const above = row - rowLength;
  const filter = filtered[source]!;
  out.set(filtered.subarray(source + 1, source + 1 + rowLength), row);
  if (filter === 0) return;
  if (filter > 4) throw new FormatError(`PNG: filter ${filter}`);
  for (let x = 0; x < rowLength; x++) {
    const left = x >= step ? out[row + x - step]! : 0;
    const up = y > 0 ? out[above + x]! : 0;
    const upLeft = x >= step && y > 0 ? out[above + x - step]! : 0;
    const predicted =
      filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, upLeft);
    out[row + x] = out[row + x]! + predicted;
  }
}

function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft;
  const dLeft = Math.abs(estimate - left);
  const dUp = Math.abs(estimate - up);
  const dUpLeft = Math.abs(estimate - upLeft);
  return dLeft <= dUp && dLeft <= dUpLeft ? left : dUp <= dUpLeft ? up : upLeft;
}
