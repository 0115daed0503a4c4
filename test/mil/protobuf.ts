/** Protobuf messages by field number, and the parts of a Core ML model that the tests are made of. */

type Content = number | bigint | string | Uint8Array;

function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

export function field(number: number, content: Content): Uint8Array {
  if (typeof content === "number" || typeof content === "bigint")
    return Uint8Array.from([...varint(number << 3), ...varint(content)]);
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return Uint8Array.from([...varint((number << 3) | 2), ...varint(bytes.length), ...bytes]);
}

export function message(...fields: Uint8Array[]): Uint8Array {
  return Uint8Array.from(fields.flatMap((bytes) => [...bytes]));
}

export function packed(values: (number | bigint)[]): Uint8Array {
  return field(1, Uint8Array.from(values.flatMap(varint)));
}

export const dataType = {
  bool: 1,
  string: 2,
  float16: 10,
  float32: 11,
  int8: 21,
  int32: 23,
  int4: 25,
  uint8: 31,
  uint32: 33,
  uint1: 37,
};

/** FeatureType with a multi-array of float32. */
function arrayFeature(name: string, shape: number[]): Uint8Array {
  return message(field(1, name), field(3, field(5, message(packed(shape), field(2, 65568)))));
}

export function tensorType(element: number, shape: number[]): Uint8Array {
  return field(
    1,
    message(field(1, element), field(2, shape.length), ...shape.map((size) => field(3, field(1, field(1, size))))),
  );
}

/** Value: `content` is a field of ImmediateValue.tensor (floats = 1, ints = 2, …, bytes = 7). */
export function tensorValue(type: Uint8Array, content: Uint8Array): Uint8Array {
  return message(field(2, type), field(3, field(1, content)));
}

export function named(name: string, type: Uint8Array): Uint8Array {
  return message(field(1, name), field(2, type));
}

function mapEntry(key: string, value: Uint8Array): Uint8Array {
  return message(field(1, key), field(2, value));
}

export function operation(
  type: string,
  options: {
    inputs?: Record<string, string>;
    outputs?: Uint8Array[];
    attributes?: Record<string, Uint8Array>;
    blocks?: Uint8Array[];
  },
): Uint8Array {
  return message(
    field(1, type),
    ...Object.entries(options.inputs ?? {}).map(([key, name]) => field(2, mapEntry(key, field(1, field(1, name))))),
    ...(options.outputs ?? []).map((output) => field(3, output)),
    ...(options.blocks ?? []).map((block) => field(4, block)),
    ...Object.entries(options.attributes ?? {}).map(([key, value]) => field(5, mapEntry(key, value))),
  );
}

export function block(operations: Uint8Array[], outputs: string[]): Uint8Array {
  return message(...outputs.map((name) => field(2, name)), ...operations.map((each) => field(3, each)));
}

const vector = tensorType(dataType.float32, [2]);

export const relu = operation("relu", { inputs: { x: "x" }, outputs: [named("y", vector)] });

/** A model of `operations` from x to y, both float32 [2]. */
export function programModel(operations: Uint8Array[], outputs = ["y"]): Uint8Array {
  const main = message(
    field(1, named("x", vector)),
    field(2, "CoreML5"),
    field(3, mapEntry("CoreML5", block(operations, outputs))),
  );
  const program = message(field(1, 1), field(2, mapEntry("main", main)));
  return message(
    field(1, 6),
    field(2, message(field(1, arrayFeature("x", [2])), field(10, arrayFeature("y", [2])))),
    field(502, program),
  );
}

/** A model with a constant of this type and content beside the way from x to y. */
export function constantModel(type: Uint8Array, value: Uint8Array): Uint8Array {
  return programModel([operation("const", { outputs: [named("c", type)], attributes: { val: value } }), relu]);
}
