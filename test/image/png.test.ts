import { describe, expect, test } from "bun:test";
import { crc32, deflateSync } from "node:zlib";
import { encodeBmp } from "../../src/image/bmp.ts";
import { readPngPixels } from "../../src/image/png.ts";

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A PNG of one-byte pixels whose rows carry their filter byte already. */
function greyPng(width: number, rows: number[][], { colour = 0, depth = 8, interlace = 0 } = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(rows.length, 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  const data = deflateSync(Buffer.from(rows.flat()));
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", data.subarray(0, 5)),
    chunk("IDAT", data.subarray(5)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

// Every filter turns its row into the same pixels 10 20 40 after a first row 5 10 20, computed by hand from the specification.
test.each([
  ["none", [0, 10, 20, 40]],
  ["sub", [1, 10, 10, 20]],
  ["up", [2, 5, 10, 20]],
  ["average", [3, 8, 10, 20]],
  ["paeth", [4, 5, 10, 20]],
])("filter %s is undone", (_, row) => {
  const { data } = readPngPixels(greyPng(3, [[0, 5, 10, 20], row]));
  expect([...data]).toEqual([5, 10, 20, 10, 20, 40]);
});

describe("refused", () => {
  test.each([
    ["16 bits", greyPng(1, [[0, 1]], { depth: 16 }), "16 bits"],
    ["interlaced", greyPng(1, [[0, 1]], { interlace: 1 }), "interlace 1"],
    ["a palette", greyPng(1, [[0, 1]], { colour: 3 }), "palette"],
    ["an unknown filter", greyPng(1, [[9, 1]]), "filter 9"],
    ["missing rows", greyPng(3, [[0, 1]]), "ends early"],
    ["damaged data", Buffer.from(greyPng(3, [[0, 1, 2, 3]])).fill(255, 43, 50), "cannot be inflated"],
    ["a chunk past the end", greyPng(1, [[0, 1]]).subarray(0, 45), "chunk ends after the file"],
  ])("%s", (_, png, message) => {
    expect(() => readPngPixels(png)).toThrow(message);
  });
});

test("raw pixels pass through Bun.Image unchanged, alpha included", async () => {
  const data = Uint8Array.from({ length: 7 * 5 * 4 }, (_, i) => (i * 37) & 255);
  const png = await new Bun.Image(encodeBmp({ data, width: 7, height: 5, channels: 4 }))
    .png({ compressionLevel: 0 })
    .bytes();
  expect(readPngPixels(png)).toEqual({ data, width: 7, height: 5, channels: 4 });
});
