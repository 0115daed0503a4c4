import type { Weights } from "../../src/index.ts";

/** Differences in bits between tensors and the expected halves, which stand one behind the other by name. NaN equals NaN. */
export function compareHalves(weights: Weights, names: readonly string[], expected: Float16Array): string[] {
  const differences: string[] = [];
  const wanted = new Uint16Array(expected.buffer, expected.byteOffset, expected.length);
  let offset = 0;
  for (const name of names.toSorted()) {
    const { data } = weights.tensor(name);
    const bits = new Uint16Array(data.buffer, data.byteOffset, data.length);
    const wrong = bits.findIndex(
      (value, i) => value !== wanted[offset + i] && !(Number.isNaN(data[i]) && Number.isNaN(expected[offset + i])),
    );
    if (wrong >= 0) differences.push(`${name}[${wrong}] is ${data[wrong]}, expected ${expected[offset + wrong]}`);
    offset += data.length;
  }
  if (offset !== expected.length) differences.push(`${offset} elements, expected ${expected.length}`);
  return differences;
}
