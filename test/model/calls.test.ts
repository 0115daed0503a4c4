import { afterAll, describe, expect, test } from "bun:test";
import type { Pointer } from "bun:ffi";
import { join } from "node:path";
import { lastError, native } from "../../src/native/library.ts";
import { readCounters } from "../../src/native/runtime.ts";
import { takeJson } from "../../src/native/text.ts";
import { fixtures } from "./fixture-case.ts";

// Requests at the level of the C ABI: what is copied, what is refused, who owns what. Quirk mode changes how, never what.

const lib = native();
const status = { ok: 0, argument: -1, handle: -2, notFound: -3, feature: -6, busy: -10 } as const;
const float16 = 65552;
const float32 = 65568;
const isQuirky = (process.env.TENSORLOGIC_QUIRKS ?? "") !== "";
const out = new Uint32Array(1);
const address = new BigUint64Array(1);
const byteLength = new BigUint64Array(1);
const zeroCopy = new Uint32Array(1);
const handles: [release: (handle: number) => number, handle: number][] = [];

afterAll(() => {
  for (const [release, handle] of handles) release(handle);
});

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function load(name: string): number {
  const path = text(join(fixtures, "models", name, "model.mlpackage"));
  expect(lib.tl_model_load(path, path.length, null, 0, out)).toBe(status.ok);
  handles.push([lib.tl_model_release, out[0]!]);
  return out[0]!;
}

function request(model: number, state = 0): number {
  expect(lib.tl_request_create(model, state, out)).toBe(status.ok);
  handles.push([lib.tl_request_release, out[0]!]);
  return out[0]!;
}

const kept: NodeJS.TypedArray[] = [];

/** Requests hold the memory's address only: it has to stay, and `.buffer` moves a small view's elements once. */
function wrap(view: NodeJS.TypedArray): number {
  void view.buffer;
  kept.push(view);
  expect(lib.tl_buffer_wrap(view, view.byteLength, out)).toBe(status.ok);
  return out[0]!;
}

interface Place {
  shape: number[];
  strides?: number[];
  dtype?: number;
  offset?: number;
}

/** Binds a view; the buffer's own handle goes at once, the request keeps what it needs. */
function bind(req: number, direction: 0 | 1, name: string, view: NodeJS.TypedArray, place: Place): number {
  const { shape, dtype = float16, offset = 0 } = place;
  const strides = place.strides ?? shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const buffer = wrap(view);
  const numbers = (list: number[]) => new BigInt64Array(list.map(BigInt));
  const label = text(name);
  const result = lib.tl_request_bind_tensor(
    req,
    direction,
    label,
    label.length,
    buffer,
    offset,
    dtype,
    shape.length,
    numbers(shape),
    numbers(strides),
    zeroCopy,
  );
  expect(lib.tl_buffer_release(buffer)).toBe(status.ok);
  return result;
}

const eight = [1, 8];
const values = Array.from({ length: 8 }, (_, index) => index - 3);
const plusOne = values.map((value) => value + 1);

describe("memory", () => {
  test("dense f16 in and out is used in place and nothing is copied", () => {
    const model = load("add_one");
    const req = request(model);
    const x = new Float16Array(values);
    const y = new Float16Array(8);
    expect(bind(req, 0, "x", x, { shape: eight })).toBe(status.ok);
    expect(zeroCopy[0]).toBe(1);
    expect(bind(req, 1, "y", y, { shape: eight })).toBe(status.ok);
    expect(zeroCopy[0]).toBe(1);
    const before = readCounters();
    for (let run = 0; run < 10; run++) expect(lib.tl_request_run(req)).toBe(status.ok);
    const after = readCounters();
    expect([...y]).toEqual(plusOne);
    expect(after.runs - before.runs).toBe(10);
    const [output] = takeJson<{ zeroCopy: boolean; bound: boolean }[]>((into) => lib.tl_request_outputs(req, into));
    expect(output).toMatchObject({
      name: "y",
      type: "tensor",
      dtype: "float16",
      shape: eight,
      strides: [8, 1],
      bound: true,
    });
    expect(output!.zeroCopy).toBe(!isQuirky);
    if (!isQuirky) expect(after.copiedBytes).toBe(before.copiedBytes);
    else expect(after.copiedBytes).toBeGreaterThan(before.copiedBytes);
  });

  test("a bound output is handed out at its own address", () => {
    const req = request(load("add_one"));
    const x = new Float16Array(values);
    const y = new Float16Array(8);
    bind(req, 0, "x", x, { shape: eight });
    bind(req, 1, "y", y, { shape: eight });
    expect(lib.tl_request_run(req)).toBe(status.ok);
    expect(lib.tl_request_output_buffer(req, text("y"), 1, out, address, byteLength)).toBe(status.ok);
    const handed = out[0]!;
    const wrapped = wrap(y);
    const expected = new BigUint64Array(1);
    lib.tl_buffer_bytes(wrapped, expected, byteLength);
    expect(address[0]).toBe(expected[0]!);
    lib.tl_buffer_release(handed);
    lib.tl_buffer_release(wrapped);
  });

  test("outputs without memory get their own, never reused", () => {
    const req = request(load("add_one"));
    bind(req, 0, "x", new Float16Array(values), { shape: eight });
    const addresses = new Set<bigint>();
    for (let run = 0; run < 3; run++) {
      lib.tl_request_run(req);
      expect(lib.tl_request_output_buffer(req, text("y"), 1, out, address, byteLength)).toBe(status.ok);
      handles.push([lib.tl_buffer_release, out[0]!]);
      addresses.add(address[0]!);
    }
    expect(addresses.size).toBe(3);
  });

  test("an output that equals an input does not change with it", () => {
    const req = request(load("add_one"));
    const x = new Float16Array(8).fill(Infinity);
    bind(req, 0, "x", x, { shape: eight });
    const before = readCounters().copiedBytes;
    expect(lib.tl_request_run(req)).toBe(status.ok);
    // The quirk makes Core ML return the input's own memory: the bridge notices and copies.
    expect(readCounters().copiedBytes - before).toBe(isQuirky ? 16 : 0);
    x.fill(0);
    expect(lib.tl_request_output_buffer(req, text("y"), 1, out, address, byteLength)).toBe(status.ok);
    handles.push([lib.tl_buffer_release, out[0]!]);
    const y = new Float16Array(8);
    expect(lib.tl_tensor_convert(Number(address[0]) as Pointer, float16, y, float16, 8)).toBe(status.ok);
    expect([...y]).toEqual(Array.from({ length: 8 }, () => Infinity));
  });

  test("padded rows, an offset and other float types give the same numbers, and the copies are counted", () => {
    const req = request(load("two_outputs"));
    const a = new Float16Array([0, 0, 1, 2, 3, 9, 9, 4, 5, 6]);
    const b = new Float32Array([10, 20, 30, 40, 50, 60]);
    const sum = new Float64Array(8);
    expect(bind(req, 0, "a", a, { shape: [2, 3], strides: [5, 1], offset: 4 })).toBe(status.ok);
    expect(zeroCopy[0]).toBe(0);
    expect(bind(req, 0, "b", b, { shape: [2, 3], dtype: float32 })).toBe(status.ok);
    const names = takeJson<{ outputs: { name: string }[] }>((into) => lib.tl_model_describe(handles.at(-2)![1], into));
    const [first] = names.outputs;
    expect(bind(req, 1, first!.name, sum, { shape: [2, 3], strides: [4, 1], dtype: 65600 })).toBe(status.ok);
    const before = readCounters().copiedBytes;
    expect(lib.tl_request_run(req)).toBe(status.ok);
    expect([...sum]).toEqual([11, 22, 33, 0, 44, 55, 66, 0]);
    expect(readCounters().copiedBytes).toBeGreaterThan(before);
  });

  test("a request keeps its model alive", () => {
    const path = text(join(fixtures, "models", "add_one", "model.mlpackage"));
    expect(lib.tl_model_load(path, path.length, null, 0, out)).toBe(status.ok);
    const model = out[0]!;
    const req = request(model);
    expect(lib.tl_model_release(model)).toBe(status.ok);
    const y = new Float16Array(8);
    bind(req, 0, "x", new Float16Array(values), { shape: eight });
    bind(req, 1, "y", y, { shape: eight });
    expect(lib.tl_request_run(req)).toBe(status.ok);
    expect([...y]).toEqual(plusOne);
  });

  test("outputs of flexible size are written in place, and refused when the size is another", () => {
    const req = request(load("flexible_range"));
    const x = new Float16Array(2 * 5 * 7).fill(1);
    expect(bind(req, 0, "x", x, { shape: [1, 2, 5, 7] })).toBe(status.ok);
    expect(lib.tl_request_run(req)).toBe(status.ok);
    const [output] = takeJson<{ shape: number[] }[]>((into) => lib.tl_request_outputs(req, into));
    const size = output!.shape.reduce((a, b) => a * b, 1);
    const y = new Float16Array(size);
    expect(bind(req, 1, "y", y, { shape: output!.shape })).toBe(status.ok);
    expect(lib.tl_request_run(req)).toBe(status.ok);
    if (!isQuirky)
      expect(takeJson<{ zeroCopy: boolean }[]>((into) => lib.tl_request_outputs(req, into))[0]!.zeroCopy).toBe(true);
    const small = new Float16Array(4).fill(-5);
    expect(bind(req, 1, "y", small, { shape: [1, 1, 2, 2] })).toBe(status.ok);
    expect(lib.tl_request_run(req)).toBe(status.feature);
    expect(lastError()).toContain("output 'y' has the shape");
    expect([...small]).toEqual([-5, -5, -5, -5]);
  });
});

describe("refused with the reason", () => {
  const req = request(load("add_one"));
  const x = new Float16Array(8);

  test.each<[string, Place & { view?: NodeJS.TypedArray; name?: string }, number, string]>([
    ["a wrong shape", { shape: [1, 7] }, status.feature, "feature 'x' has the shape [1, 8], got [1, 7]"],
    ["a wrong rank", { shape: [8] }, status.feature, "feature 'x' has the shape [1, 8], got [8]"],
    ["an unknown name", { shape: eight, name: "z" }, status.notFound, "there is no input 'z'; the model has 'x'"],
    [
      "a dtype that arrays of Core ML lack",
      { shape: eight, dtype: 1 },
      status.feature,
      "elements of float16, got uint8",
    ],
    [
      "memory that is too short",
      { shape: eight, offset: 2 },
      status.argument,
      "16 bytes at 2 do not fit into a buffer of 16 bytes",
    ],
    [
      "a misaligned offset",
      { shape: eight, offset: 1, view: new Float16Array(10) },
      status.argument,
      "not a multiple of 2 bytes",
    ],
    ["strides past the end", { shape: eight, strides: [8, 2] }, status.argument, "30 bytes at 0 do not fit"],
    ["an offset past 2^46", { shape: eight, offset: 2 ** 50 }, status.argument, "do not fit into a buffer"],
    ["a negative stride", { shape: eight, strides: [8, -1] }, status.argument, "negative"],
  ])("%s", (_, { view = x, name = "x", ...place }, expected, message) => {
    expect(bind(req, 0, name, view, place)).toBe(expected);
    expect(lastError()).toContain(message);
  });

  test("a run without an input", () => {
    expect(lib.tl_request_run(req)).toBe(status.feature);
    expect(lastError()).toBe("input 'x' (tensor) is not given");
  });

  test("results before a run", () => {
    expect(lib.tl_request_outputs(req, out)).toBe(status.argument);
  });

  test("an image for a tensor, a value for a tensor", () => {
    const pixels = wrap(new Uint8Array(64));
    expect(lib.tl_request_bind_image(req, 0, text("x"), 1, pixels, 0, 3, 2, 2, 6, zeroCopy)).toBe(status.feature);
    expect(lastError()).toBe("feature 'x' takes a tensor, got an image");
    lib.tl_buffer_release(pixels);
    expect(lib.tl_request_bind_value(req, text("x"), 1, text("1"), 1)).toBe(status.feature);
    expect(lib.tl_request_bind_value(req, text("x"), 1, text("{"), 1)).toBe(status.argument);
  });

  test.each([
    ['{"computeUnits":"gpu"}', "options.computeUnits: 'gpu' is not one of all, cpuOnly, cpuAndGPU, cpuAndNeuralEngine"],
    ['{"computeUnit":"all"}', "options: unknown key 'computeUnit'"],
    ['{"functionName":3}', "options.functionName: expected a string, got a number"],
    ["[]", "options: expected an object, got an array"],
    ["{", "options: JSON offset 1"],
    ['{"precision":NaN}', "options: JSON offset 13"],
  ])("options %s", (options, message) => {
    const path = text(join(fixtures, "models", "add_one", "model.mlpackage"));
    expect(lib.tl_model_load(path, path.length, text(options), options.length, out)).toBe(status.argument);
    expect(lastError()).toContain(message);
  });

  test("a function that the model does not have", () => {
    const path = text(join(fixtures, "models", "add_one", "model.mlpackage"));
    const options = '{"functionName":"encode"}';
    expect(lib.tl_model_load(path, path.length, text(options), options.length, out)).toBe(status.notFound);
    expect(lastError()).toContain("there is no function 'encode'; the model has main");
  });

  test("a model with states without one, and the state of another model", () => {
    const stateful = load("stateful");
    expect(lib.tl_request_create(stateful, 0, out)).toBe(status.argument);
    expect(lastError()).toContain("has states ('total')");
    expect(lib.tl_state_create(stateful, out)).toBe(status.ok);
    const state = out[0]!;
    handles.push([lib.tl_state_release, state]);
    expect(lib.tl_request_create(load("stateful"), state, out)).toBe(status.argument);
    expect(lastError()).toBe("state: it belongs to another model");
  });
});

test("a second call on a running request is busy; the result is there once", async () => {
  const model = load("conv_residual");
  const req = request(model);
  const { inputs } = takeJson<{ inputs: { name: string; shape: number[] }[] }>((into) =>
    lib.tl_model_describe(model, into),
  );
  const { name, shape } = inputs[0]!;
  const x = new Float16Array(shape.reduce((a, b) => a * b, 1));
  bind(req, 0, name, x, { shape });
  expect(lib.tl_request_run_async(req, 70_001)).toBe(status.ok);
  const second = lib.tl_request_run(req);
  expect([status.ok, status.busy]).toContain(second as 0);
  let taken: number;
  while ((taken = lib.tl_async_result(70_001, out)) === status.busy) await Bun.sleep(1);
  expect(taken).toBe(status.ok);
  expect(lib.tl_async_result(70_001, out)).toBe(status.notFound);
  expect(lib.tl_request_run(req)).toBe(status.ok);
});

test("a load that fails later says why when its result is taken", async () => {
  const path = text("/nowhere/model.mlpackage");
  expect(lib.tl_model_load_async(path, path.length, null, 0, 70_002)).toBe(status.ok);
  let taken: number;
  while ((taken = lib.tl_async_result(70_002, out)) === status.busy) await Bun.sleep(1);
  expect(taken).toBe(status.notFound);
  expect(lastError()).toContain("/nowhere/model.mlpackage");
});
