type Field = ["u32" | "i32" | "f32", number | readonly number[]];

/** A struct of 4-byte numbers as a kernel's `constant` argument sees it. */
export function packParameters(fields: readonly Field[]): Uint8Array {
  const numbers = fields.flatMap(([type, value]) =>
    (typeof value === "number" ? [value] : value).map((number) => ({ type, number })),
  );
  const bytes = new Uint8Array(numbers.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, { type, number }] of numbers.entries()) {
    if (type === "f32") view.setFloat32(index * 4, number, true);
    else if (type === "u32") view.setUint32(index * 4, number, true);
    else view.setInt32(index * 4, number, true);
  }
  return bytes;
}

export const u32 = (...values: number[]): Field => ["u32", values];
export const i32 = (...values: number[]): Field => ["i32", values];
export const f32 = (...values: number[]): Field => ["f32", values];
