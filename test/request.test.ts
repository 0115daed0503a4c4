import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { FeatureError, loadModel, MemoryError, readCounters, Tensor, type Model } from "../src/index.ts";
import { inputsOf, openCase, readCase } from "./model/fixture-case.ts";
import { fixtureModel } from "./support/fixtures.ts";

let model: Model;
let outputName: string;
beforeAll(async () => {
  model = await loadModel(fixtureModel("add_one"));
  outputName = model.outputs[0]!.name;
});
afterAll(() => model.dispose());

// Core ML at its worst pads rows or ignores output backings: then memory cannot be used in place, and the results still have to be right.
const isQuirky = /strides|backings/.test(process.env.TENSORLOGIC_QUIRKS ?? "");

test("results of old neural networks have five axes; memory of the described shape takes them", async () => {
  const fixture = readCase("nn_legacy");
  using network = await openCase(fixture);
  const inputs = inputsOf(fixture.steps[0]!, fixture.folder);
  const want = network.predictSync(inputs).embedded as Tensor;
  expect(want.shape).toEqual([1, 1, 4, 1, 1]);
  const embedded = Tensor.zeros([4], "float64");
  const bound = Object.entries(inputs).map(([name, value]) => [name, (value as Tensor).to("float64")] as const);
  using request = network.bind(Object.fromEntries(bound), { embedded });
  request.run();
  expect([...embedded.data]).toEqual([...want.data]);
});

describe("zero copy", () => {
  test.skipIf(isQuirky)("runs read and write the tensors' own memory, and nothing is copied", () => {
    const x = Tensor.zeros([1, 8]);
    const y = Tensor.zeros([1, 8]);
    using request = model.bind({ x }, { [outputName]: y });
    expect(request.zeroCopy).toEqual({ x: true, [outputName]: true });
    const before = readCounters();
    for (let i = 0; i < 100; i++) {
      x.data.fill(i);
      request.run();
      expect(y.data[7]).toBe(i + 1);
    }
    const after = readCounters();
    expect(after.copiedBytes - before.copiedBytes).toBe(0);
    expect(after.runs - before.runs).toBe(100);
    expect(request.outputs[outputName]).toBe(y);
    expect((request.outputs[outputName] as Tensor).buffer.address).toBe(y.buffer.address);
  });

  test.skipIf(isQuirky)("predictSync copies nothing for native tensors", () => {
    const x = Tensor.from([1, 2, 3, 4, 5, 6, 7, 8], [1, 8]);
    const before = readCounters();
    const y = model.predictSync({ x })[outputName] as Tensor;
    expect([...y.data]).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(readCounters().copiedBytes - before.copiedBytes).toBe(0);
  });

  test("JavaScript memory is used in place too", () => {
    const memory = new Float16Array(8);
    const result = new Float16Array(8);
    using request = model.bind({ x: Tensor.view(memory, [1, 8]) }, { [outputName]: Tensor.view(result, [1, 8]) });
    memory.fill(4);
    request.run();
    expect([...result]).toEqual([5, 5, 5, 5, 5, 5, 5, 5]);
  });
});

test("runAsync writes the same memory", async () => {
  const x = Tensor.from([1, 2, 3, 4, 5, 6, 7, 8], [1, 8]);
  const y = Tensor.zeros([1, 8]);
  using request = model.bind({ x }, { [outputName]: y });
  await request.runAsync();
  expect([...y.data]).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
});

test("outputs that are not bound are new at every run", () => {
  const x = Tensor.zeros([1, 8]);
  using request = model.bind({ x });
  request.run();
  const first = request.outputs[outputName] as Tensor;
  x.data.fill(5);
  request.run();
  expect(first.data[0]).toBe(1);
  expect((request.outputs[outputName] as Tensor).data[0]).toBe(6);
});

test("a native tensor that was disposed stays usable for the request that holds it", () => {
  const x = Tensor.from(new Float32Array(8).fill(2), [1, 8]);
  const y = Tensor.zeros([1, 8]);
  using request = model.bind({ x }, { [outputName]: y });
  x.dispose();
  request.run();
  expect(y.data[0]).toBe(3);
});

describe("run after run", () => {
  const bound = (count: number) =>
    Array.from({ length: count }, (_, i) => {
      const x = Tensor.from(new Float32Array(8).fill(i), [1, 8]);
      const y = Tensor.zeros([1, 8]);
      return { x, y, request: model.bind({ x }, { [outputName]: y }) };
    });

  test("requests of one model in turns each use their own memory", () => {
    const [a, b] = bound(2) as [ReturnType<typeof bound>[0], ReturnType<typeof bound>[0]];
    for (let round = 0; round < 5; round++) {
      a.x.data.fill(round);
      b.x.data.fill(10 * round);
      a.request.run();
      b.request.run();
      b.request.run();
      expect([a.y.data[0], b.y.data[0]]).toEqual([round + 1, 10 * round + 1]);
      a.y.data.fill(-1);
    }
    for (const { request } of [a, b]) request.dispose();
  });

  test("predictions of the same model between two runs change nothing for the request", () => {
    const [{ x, y, request }] = bound(1) as [ReturnType<typeof bound>[0]];
    for (let round = 0; round < 5; round++) {
      x.data.fill(round);
      request.run();
      model.predictSync({ x: new Float32Array(8).fill(100) });
      expect(y.data[0]).toBe(round + 1);
      request.run();
      expect(y.data[0]).toBe(round + 1);
    }
    request.dispose();
  });

  test("runs at the same time, more than there are threads, each write their own memory", async () => {
    const requests = bound(40);
    for (let round = 0; round < 20; round++) {
      for (const { x } of requests) x.data[3] = round;
      await Promise.all(requests.map(({ request }) => request.runAsync()));
      for (const [i, { y }] of requests.entries()) expect([y.data[3], y.data[4]]).toEqual([round + 1, i + 1]);
    }
    for (const { request } of requests) request.dispose();
  });

  test("a request that is disposed while it runs ends its run", async () => {
    const requests = bound(20);
    const runs = requests.map(({ request }) => request.runAsync());
    for (const { request } of requests) request.dispose();
    await Promise.all(runs);
    expect(requests.map(({ y }) => y.data[0])).toEqual(requests.map((_, i) => i + 1));
  });

  test("an output that is also the input", () => {
    const x = Tensor.zeros([1, 8]);
    using request = model.bind({ x }, { [outputName]: x });
    for (let round = 0; round < 5; round++) request.run();
    expect([...x.data]).toEqual([5, 5, 5, 5, 5, 5, 5, 5]);
  });

  test("requests of different sizes of a flexible model in turns", async () => {
    using flexible = await loadModel(fixtureModel("flexible_range"));
    const pairs = [
      [1, 2, 4, 4],
      [1, 2, 8, 16],
    ].map((shape) => {
      const x = Tensor.zeros(shape);
      const { shape: resultShape } = Object.values(flexible.predictSync({ x }))[0] as Tensor;
      const y = Tensor.zeros(resultShape);
      return { x, y, request: flexible.bind({ x }, { [flexible.outputs[0]!.name]: y }) };
    });
    for (let round = 1; round < 4; round++) {
      for (const { x } of pairs) x.data.fill(round);
      for (const { request } of pairs) request.run();
      for (const { x, y } of pairs) {
        const want = Object.values(flexible.predictSync({ x }))[0] as Tensor;
        expect([...y.data]).toEqual([...want.data]);
      }
    }
    for (const { request } of pairs) request.dispose();
  });
});

describe("refused", () => {
  test("outputs before the first run", () => {
    using request = model.bind({ x: Tensor.zeros([1, 8]) });
    expect(() => request.outputs).toThrow("the request has no outputs before its first run");
  });

  test("a run after dispose", () => {
    const request = model.bind({ x: Tensor.zeros([1, 8]) });
    request.dispose();
    expect(() => request.run()).toThrow("request was disposed");
  });

  test("a run on memory that was transferred away", () => {
    const memory = new Float16Array(8);
    using request = model.bind({ x: Tensor.view(memory, [1, 8]) });
    structuredClone(memory.buffer, { transfer: [memory.buffer] });
    expect(() => request.run()).toThrow(MemoryError);
  });

  test.each([
    ["an unknown output", () => ({ nothing: Tensor.zeros([1, 8]) }), 'the model has no output "nothing"'],
    [
      "an output of another shape",
      () => ({ [outputName]: Tensor.zeros([8]) }),
      "is float16 [1, 8], got Tensor float16 [8]",
    ],
    [
      "an output of another dtype",
      () => ({ [outputName]: Tensor.zeros([1, 8], "float32") }),
      "is float16 [1, 8], got Tensor float32 [1, 8]",
    ],
    [
      "an output that is no tensor",
      () => ({ [outputName]: new Float32Array(8) as never }),
      "got Float32Array of 8 elements; bind takes a Tensor",
    ],
  ])("%s", (_, outputs, message) => {
    expect(() => model.bind({ x: Tensor.zeros([1, 8]) }, outputs())).toThrow(FeatureError);
    expect(() => model.bind({ x: Tensor.zeros([1, 8]) }, outputs())).toThrow(message);
  });
});
