import { expect, test } from "bun:test";
import { loadModel, metal, readCounters, Tensor } from "../../src/index.ts";

// Preprocessing (Metal), a model's request (Core ML), top-k (Metal) on the same memory.

test("preprocess → model → top-k copies nothing", async () => {
  using model = await loadModel("test/fixtures/models/conv_relu/model.mlpackage");
  using queue = metal.device().queue();
  const pixels = Tensor.zeros([11, 13, 3], "uint8");
  const x = Tensor.zeros([1, 3, 11, 13]);
  const y = Tensor.zeros([1, 8, 6, 7]);
  const [values, indices] = [Tensor.zeros([1, 5]), Tensor.zeros([1, 5], "int32")];
  using request = model.bind({ x }, { y });
  expect(request.zeroCopy).toEqual({ x: true, y: true });

  for (const round of [1, 2, 3]) {
    pixels.data.forEach((_, i) => (pixels.data[i] = (i * 31 * round) % 256));
    const before = readCounters();
    queue.operations.into(x).imageToTensor(pixels, { scale: 1 / 128, bias: -1 });
    await queue.finished();
    request.run();
    queue.operations.into(values, indices).topK(y.reshape([1, 336]), 5);
    await queue.finished();
    const after = readCounters();
    expect({
      bytes: after.copiedBytes - before.copiedBytes,
      copies: after.copies - before.copies,
    }).toEqual({
      bytes: 0,
      copies: 0,
    });

    const expected = Tensor.from(
      Array.from({ length: 3 * 11 * 13 }, (_, i) => pixels.data[(i % 143) * 3 + Math.floor(i / 143)]! / 128 - 1),
      [1, 3, 11, 13],
    );
    expect(x.toArray()).toEqual(expected.toArray());
    const reference = model.predictSync({ x: expected }).y as Tensor;
    const top = reference.reshape([336]).topK(5);
    expect(Array.from(indices.data)).toEqual(top.map(({ index }) => index));
    expect(Array.from(values.data)).toEqual(top.map(({ value }) => value));
  }
});

test("outputs of into() have to fit", () => {
  const { engine } = metal;
  expect(() => engine.into(Tensor.zeros([3])).relu(Tensor.zeros([2]))).toThrow(
    "the output has shape [3], expected [2]",
  );
  expect(() => engine.into(Tensor.zeros([1, 2])).topK(Tensor.zeros([1, 4]), 2)).toThrow("the operation needs more");
  expect(() => engine.into(Tensor.zeros([2], "float32")).relu(Tensor.zeros([2]))).toThrow("output is float32");
  expect(() => engine.into(Tensor.zeros([2]), Tensor.zeros([2])).relu(Tensor.zeros([2]))).toThrow(
    "into(...) has 2 outputs, relu has 1",
  );
});

test("an output shares memory with an input only where that is safe", () => {
  const { engine } = metal;
  const x = Tensor.from([-1, 2]);
  engine.into(x).relu(x);
  expect(x.toArray()).toEqual([0, 2]);
  const square = Tensor.zeros([2, 2]);
  expect(() => engine.into(square).matmul(square, Tensor.zeros([2, 2]))).toThrow("matmul: the output");
});
