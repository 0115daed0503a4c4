import { afterAll, beforeAll, expect, test } from "bun:test";
import { BusyError, FeatureError, loadModel, Tensor, type Model } from "../src/index.ts";
import { fixtureModel } from "./support/fixtures.ts";

let model: Model;
beforeAll(async () => void (model = await loadModel(fixtureModel("stateful"))));
afterAll(() => model.dispose());

const x = () => ({ x: Tensor.from([1, 2, 3, 4], [1, 4]) });

test("a state starts with zeros and adds up over predictions", () => {
  using state = model.newState();
  expect(state.names).toEqual(["total"]);
  expect(state.read("total").toArray()).toEqual([[0, 0, 0, 0]]);
  model.predictSync(x(), { state });
  model.predictSync(x(), { state });
  expect(state.read("total").toArray()).toEqual([[2, 4, 6, 8]]);
});

test("what is written is what the next prediction starts from", () => {
  using state = model.newState();
  state.write("total", Tensor.from([10, 20, 30, 40], [1, 4]));
  model.predictSync(x(), { state });
  expect(state.read("total").toArray()).toEqual([[11, 22, 33, 44]]);
});

test("another element type and a strided tensor are converted", () => {
  using state = model.newState();
  state.write("total", Tensor.view(Float32Array.of(1, 0, 2, 0, 3, 0, 4, 0), [1, 4], { strides: [8, 2] }));
  expect(state.read("total").toArray()).toEqual([[1, 2, 3, 4]]);
});

test("two states are separate", () => {
  using first = model.newState();
  using second = model.newState();
  model.predictSync(x(), { state: first });
  expect(second.read("total").toArray()).toEqual([[0, 0, 0, 0]]);
});

test("a second prediction on a state in use is refused, and the first one finishes", async () => {
  using state = model.newState();
  const first = model.predict(x(), { state });
  await Promise.resolve();
  await expect(model.predict(x(), { state })).rejects.toThrow(BusyError);
  await first;
  expect(state.read("total").at(0, 3)).toBe(4);
});

test("wrong names, shapes and a disposed state are refused", () => {
  const state = model.newState();
  expect(() => state.read("cache")).toThrow('the model has no state "cache"; its states: "total"');
  expect(() => state.write("total", Tensor.zeros([4]))).toThrow(FeatureError);
  expect(() => state.write("total", [1] as never)).toThrow('state "total" takes float16 [1, 4], got 1');
  state.dispose();
  state.dispose();
  expect(() => state.read("total")).toThrow("state was disposed");
  expect(() => model.predictSync(x(), { state })).toThrow("state was disposed");
});
