import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadModel, TensorLogicError, type Weights } from "../../src/index.ts";
import { Folder } from "../mil/temporary.ts";
import { weightFiles } from "./files.ts";

/** Mulberry32: the same numbers on every machine. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const interesting = [0, 1, 0x7f, 0x80, 0xff];

/** One to four changes: a byte, a bit, a 32- or 64-bit number, a cut, a doubled or a removed run. Most hit the header. */
function damage(original: Uint8Array, headerBytes: number, random: () => number): Uint8Array {
  let bytes = original.slice();
  const changes = 1 + Math.floor(random() * 4);
  for (let i = 0; i < changes && bytes.length > 8; i++) {
    const reach = random() < 0.9 ? Math.min(headerBytes, bytes.length) : bytes.length;
    const at = Math.floor(random() * reach);
    const run = 1 + Math.floor(random() * 16);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const kind = Math.floor(random() * 7);
    if (kind === 0) bytes[at] = interesting[Math.floor(random() * interesting.length)]!;
    else if (kind === 1) bytes[at]! ^= 1 << Math.floor(random() * 8);
    else if (kind === 2 && at + 4 <= bytes.length) view.setUint32(at, random() * 2 ** 32, true);
    else if (kind === 3 && at + 8 <= bytes.length)
      view.setBigUint64(
        at,
        BigInt.asUintN(64, BigInt(Math.floor(random() * 2 ** 53)) << BigInt(Math.floor(random() * 12))),
        true,
      );
    else if (kind === 4) bytes = bytes.slice(0, at);
    else if (kind === 5) bytes = Buffer.concat([bytes.subarray(0, at + run), bytes.subarray(at)]);
    else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + run)]);
  }
  return bytes;
}

/** Everything that reads the file: metadata, every tensor, raw and converted. */
function readAll(weights: Weights): void {
  JSON.stringify(weights.metadata, (_, value) => (typeof value === "bigint" ? String(value) : value));
  for (const { name } of weights.tensors) {
    for (const read of [() => weights.raw(name).data, () => weights.tensor(name).data]) {
      try {
        read().at(-1);
      } catch (error) {
        if (!(error instanceof TensorLogicError)) throw error;
      }
    }
  }
}

const files = [
  ["types.safetensors", 2200, 3000],
  ["types.gguf", 5200, 3000],
  ["sharded/model.safetensors.index.json", 221, 500],
  ["sharded/model-00001-of-00002.safetensors", 160, 1000],
] as const;

test.each(files)(
  "damaged copies of %s: an error or a result, never a crash",
  async (file, headerBytes, rounds) => {
    const random = randomNumbers(20261125);
    const original = readFileSync(join(weightFiles, file));
    using folder = new Folder();
    const path = join(folder.path, "damaged");
    const answers = { read: 0, refused: 0 };
    for (let round = 0; round < rounds; round++) {
      writeFileSync(path, damage(original, headerBytes, random));
      try {
        using weights = (await loadModel(path)) as unknown as Weights;
        readAll(weights);
        answers.read++;
      } catch (error) {
        // A failure names the round, which makes the same file again.
        if (!(error instanceof TensorLogicError)) throw new Error(`round ${round}`, { cause: error });
        answers.refused++;
      }
    }
    expect(answers.read + answers.refused).toBe(rounds);
    expect(answers.refused).toBeGreaterThan(rounds / 4);
  },
  120_000,
);
