import type { MetadataEntry } from "./native/weights.ts";

/** A value of a file's metadata; 64-bit integers are bigints. */
export type MetadataValue = string | number | bigint | boolean | readonly MetadataValue[];

/** The metadata as an object. Long arrays (a vocabulary) are properties that `read` fills at their first access. */
export function decodeMetadata(
  entries: readonly MetadataEntry[],
  read: (index: number) => unknown,
): Readonly<Record<string, MetadataValue>> {
  const values: Record<string, MetadataValue> = {};
  for (const [index, entry] of entries.entries()) {
    let known: MetadataValue | undefined;
    const property =
      entry.value === undefined
        ? { get: () => (known ??= decodeValue(read(index))) }
        : { value: decodeValue(entry.value) };
    // defineProperty, because a key may be "__proto__".
    Object.defineProperty(values, entry.key, { enumerable: true, ...property });
  }
  return Object.freeze(values);
}

/** What JSON has no number for comes as an object of one text, see `tl_weights_describe`. */
function decodeValue(value: unknown): MetadataValue {
  if (Array.isArray(value)) return Object.freeze(value.map(decodeValue));
  if (typeof value === "object" && value !== null) {
    const { integer, float } = value as { integer?: string; float?: string };
    return integer === undefined ? Number(float) : BigInt(integer);
  }
  return value as string | number | boolean;
}

/** The same as text for formats that know nothing else: strings as they are, the rest as JSON (bigints as their digits). */
export function encodeMetadata(values: Readonly<Record<string, MetadataValue>>): Record<string, string> {
  const texts: [string, string][] = [];
  for (const [key, value] of Object.entries(values)) {
    if (Array.isArray(value) && value.length > maxArrayLength) continue;
    texts.push([key, typeof value === "string" ? value : toText(value)]);
  }
  return Object.fromEntries(texts);
}

/** As in tl_weights_describe. */
const maxArrayLength = 64;

function toText(value: MetadataValue): string {
  if (Array.isArray(value)) return `[${value.map(toText).join(",")}]`;
  // JSON.stringify makes null of infinities and NaN.
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
