import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  DisposedError,
  FeatureError,
  Image,
  loadModel,
  readCounters,
  Tensor,
  UnsupportedError,
  type Model,
} from "../src/index.ts";
import { fixtureModel } from "./support/fixtures.ts";

const models = join(import.meta.dir, "..", "models");

describe("what a model says about itself", () => {
  let model: Model;
  beforeAll(async () => void (model = await loadModel(join(models, "efficientnet_lite0.mlpackage"))));
  afterAll(() => model.dispose());

  test("metadata", () => {
    expect(model.metadata).toMatchObject({
      format: "CoreML",
      kind: "mlprogram",
      quantization: "F16",
      specificationVersion: 7,
    });
  });

  test("features", () => {
    expect(model.inputs).toHaveLength(1);
    expect(model.inputs[0]).toMatchObject({
      name: "image",
      type: "image",
      width: 224,
      height: 224,
      colorSpace: "RGB",
      optional: false,
    });
    expect(model.outputs.map(({ name, type }) => [name, type])).toEqual([
      ["classLabel", "string"],
      ["classLabel_probs", "dictionary"],
    ]);
    expect(model.classLabels).toHaveLength(1000);
  });

  test("operations", () => {
    const count = (name: string) => Object.entries(model.operations).find(([key]) => key.endsWith(name))?.[1];
    expect([count("conv"), count("linear"), count("softmax"), count("classify")]).toEqual([49, 1, 1, 1]);
  });

  test("a result of the portable engine is never called Apple's", () => {
    if (process.platform !== "darwin") expect(model.device).toBe("cpu (portable)");
  });
});

describe("inputs of a tensor feature", () => {
  let model: Model;
  beforeAll(async () => void (model = await loadModel(fixtureModel("add_one"))));
  afterAll(() => model.dispose());

  const one = (inputs: Record<string, unknown>) => [
    ...(Object.values(model.predictSync(inputs as never))[0] as Tensor).toFloat32(),
  ];
  const zeroToSeven = [0, 1, 2, 3, 4, 5, 6, 7];
  const wanted = zeroToSeven.map((value) => value + 1);

  test.each([
    ["a tensor", Tensor.from(zeroToSeven, [1, 8])],
    ["a typed array of the right length", Float32Array.from(zeroToSeven)],
    ["a float16 array", Float16Array.from(zeroToSeven)],
    ["nested numbers", [zeroToSeven]],
    ["flat numbers", zeroToSeven],
    [
      "a strided tensor",
      Tensor.view(Float16Array.from(zeroToSeven.flatMap((value) => [value, -1])), [1, 8], { strides: [16, 2] }),
    ],
    ["a narrower tensor", Tensor.from(zeroToSeven, [1, 8], "int8")],
  ])("%s", (_, x) => {
    expect(one({ x })).toEqual(wanted);
  });

  test.each([
    ["a wrong shape", { x: Tensor.zeros([8, 1]) }, 'feature "x" takes float16 [1, 8], got float16 [8, 1]'],
    [
      "a wider dtype",
      { x: Tensor.zeros([1, 8], "float32") },
      'feature "x" takes float16 [1, 8], got float32 [1, 8]; tensor.to("float16") converts',
    ],
    ["a wrong length", { x: new Float32Array(7) }, 'feature "x" takes float16 [1, 8], got 7 elements'],
    ["wrong nesting", { x: [[1], [2]] }, 'feature "x" takes float16 [1, 8], got float16 [2, 1]'],
    ["a text", { x: "cat" }, 'feature "x" takes float16 [1, 8], got "cat"'],
    ["an image", { x: Image.fromPixels(new Uint8Array(3), { width: 1, height: 1, mode: "RGB" }) }, "got Image RGB 1×1"],
    ["a missing input", {}, 'input "x" is missing: the model takes float16 [1, 8]'],
    ["undefined", { x: undefined }, 'input "x" is missing'],
    ["an unknown name", { x: new Float32Array(8), z: 1 }, 'the model has no input "z"; its inputs: "x"'],
    ["no object", [1, 2], "inputs is an array of length 2, expected an object"],
  ])("%s is refused", async (_, inputs, message) => {
    expect(() => model.predictSync(inputs as never)).toThrow(FeatureError);
    expect(() => model.predictSync(inputs as never)).toThrow(message);
    await expect(model.predict(inputs as never)).rejects.toThrow(message);
  });

  test("a detached array is refused", () => {
    const memory = new Float16Array(8);
    const x = Tensor.view(memory, [1, 8]);
    structuredClone(memory.buffer, { transfer: [memory.buffer] });
    expect(() => model.predictSync({ x })).toThrow("the ArrayBuffer under Tensor float16 [1, 8] is detached");
  });

  test("a disposed tensor is refused, also one that was bound before", () => {
    const x = Tensor.zeros([1, 8]);
    model.predictSync({ x });
    x.dispose();
    expect(() => model.predictSync({ x })).toThrow("Tensor float16 [1, 8] was disposed");
  });

  test("a refused prediction does not spoil the next one", () => {
    expect(() => model.predictSync({ x: Tensor.zeros([2, 2]) })).toThrow();
    expect(one({ x: zeroToSeven })).toEqual(wanted);
  });

  test("an option of the wrong kind is refused", () => {
    expect(() => model.predictSync({ x: zeroToSeven }, { crop: Number.NaN as never })).toThrow(
      "crop is NaN, expected center, imagenet, fit, fill",
    );
    expect(() => model.predictSync({ x: zeroToSeven }, { state: {} as never })).toThrow(
      "state is Object, expected what model.newState() returns",
    );
  });

  test("results own their memory: a later run does not change them", () => {
    const first = Object.values(model.predictSync({ x: zeroToSeven }))[0] as Tensor;
    model.predictSync({ x: new Float32Array(8) });
    expect([...first.toFloat32()]).toEqual(wanted);
  });

  test("many predictions at once each get their own result", async () => {
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, i) => model.predict({ x: new Float32Array(8).fill(i) })),
    );
    expect(results.map((outputs) => (Object.values(outputs)[0] as Tensor).at(0, 7))).toEqual(
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
  });

  test("a batch keeps its order, its first error rejects", async () => {
    const batch = Array.from({ length: 9 }, (_, i) => ({ x: new Float32Array(8).fill(i) }));
    const results = await model.predictBatch(batch);
    expect(results.map((outputs) => (Object.values(outputs)[0] as Tensor).at(0, 0))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    await expect(model.predictBatch([...batch, { x: "no" }])).rejects.toThrow('got "no"');
    await expect(model.predictBatch({} as never)).rejects.toThrow("predictBatch takes an array of inputs");
  });
});

describe("lifetime", () => {
  test("a disposed model is refused by name", async () => {
    const model = await loadModel(fixtureModel("add_one"));
    model.predictSync({ x: new Float32Array(8) });
    model.dispose();
    model.dispose();
    expect(() => model.predictSync({ x: new Float32Array(8) })).toThrow(DisposedError);
    await expect(model.predict({ x: new Float32Array(8) })).rejects.toThrow(
      `model ${fixtureModel("add_one")} was disposed`,
    );
    expect(() => model.bind({ x: new Float32Array(8) })).toThrow("was disposed");
  });

  test("a model disposed during a prediction still finishes it", async () => {
    const model = await loadModel(fixtureModel("add_one"));
    const running = model.predict({ x: new Float32Array(8) });
    await Promise.resolve();
    model.dispose();
    const outcome = await running.then(
      (outputs) => (Object.values(outputs)[0] as Tensor).at(0, 0),
      (error: Error) => error,
    );
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DisposedError);
    else expect(outcome).toBe(1);
  });

  test("dispose gives every handle back", async () => {
    Bun.gc(true);
    const before = readCounters();
    const model = await loadModel(fixtureModel("add_one"));
    const request = model.bind({ x: Tensor.zeros([1, 8]) });
    request.run();
    request.dispose();
    model.dispose();
    expect(readCounters().loadedModels).toBe(before.loadedModels);
  });

  test("two models are independent", async () => {
    using first = await loadModel(fixtureModel("add_one"));
    const second = await loadModel(fixtureModel("two_outputs"));
    second.dispose();
    expect((Object.values(first.predictSync({ x: new Float32Array(8) }))[0] as Tensor).at(0, 0)).toBe(1);
  });
});

test("a model without state has none", async () => {
  using model = await loadModel(fixtureModel("add_one"));
  expect(() => model.newState()).toThrow(UnsupportedError);
});

describe("image features", () => {
  test("a photo is decoded, fitted and classified the same on and off the thread", async () => {
    using model = await loadModel(join(models, "efficientnet_lite0.mlpackage"));
    const photo = join(models, "photos/cat.png");
    const options = { crop: "imagenet" } as const;
    const away = await model.predict({ image: await Image.open(photo) }, options);
    const here = model.predictSync({ image: await Image.open(photo) }, options);
    expect(away.classLabel).toBe("tiger cat");
    expect(here).toEqual(away);
  });

  test("a uint8 tensor is a picture", async () => {
    using model = await loadModel(fixtureModel("image_to_image"));
    const { width, height, name } = model.inputs[0] as { width: number; height: number; name: string };
    const pixels = new Uint8Array(width * height * 3).map((_, i) => i);
    const fromImage = model.predictSync({ [name]: Image.fromPixels(pixels, { width, height, mode: "RGB" }) });
    const fromTensor = model.predictSync({ [name]: Tensor.view(pixels, [height, width, 3]) });
    const [a, b] = [fromImage, fromTensor].map((outputs) => (Object.values(outputs)[0] as Image).toPixels("RGB").data);
    expect(a).toEqual(b!);
    expect(a![5]).toBe(255 - pixels[5]!);
  });

  test("numbers are refused", async () => {
    using model = await loadModel(fixtureModel("image_to_image"));
    expect(() => model.predictSync({ [model.inputs[0]!.name]: [1, 2, 3] })).toThrow(
      /takes a \d+×\d+ RGB image, got an array of length 3/,
    );
  });
});
