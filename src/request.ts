import { FeatureError, MemoryError } from "./errors.ts";
import { acceptsShape, checkNames, formatFeature, type FeatureInputs, type FeatureOutputs } from "./features.ts";
import { NativeRequest } from "./native/request.ts";
import type { OwnedHandle } from "./native/handle.ts";
import { readOutput } from "./outputs.ts";
import type { Feature } from "./schema.ts";
import { bindInput, convertInputs, prepareImagesSync } from "./session.ts";
import { describe } from "./shape.ts";
import type { CropMode } from "./image/fit.ts";
import type { BoundInput } from "./inputs.ts";
import { Tensor } from "./tensor.ts";

/**
 * Inputs and outputs bound to a model once; `run` is then a single native call on the same memory.
 *
 * ```ts
 * using model = await loadModel("test/fixtures/models/add_one/model.mlpackage");
 * const x = Tensor.zeros([1, 8]);
 * const y = Tensor.zeros([1, 8]);
 * using request = model.bind({ x }, { y });
 * x.data.fill(1);
 * request.run();
 * y.at(0, 7); // 2
 * request.zeroCopy; // { "x": true, "y": true }
 * ```
 */
export class Request {
  /** Per bound feature: whether runs read and write its memory in place. */
  readonly zeroCopy: Readonly<Record<string, boolean>>;
  readonly #request: NativeRequest;
  readonly #outputs: Readonly<Record<string, Tensor>>;
  /** What the native side reads and writes: kept alive here. */
  readonly #memory: readonly Tensor[];
  readonly #inputs: ReadonlyMap<string, BoundInput>;
  #hasRun = false;

  /** @internal Use `model.bind`. */
  constructor(
    model: OwnedHandle,
    features: { inputs: readonly Feature[]; outputs: readonly Feature[] },
    inputs: FeatureInputs,
    outputs: Readonly<Record<string, Tensor>>,
    options: { crop: CropMode; state?: OwnedHandle },
  ) {
    const converted = prepareImagesSync(convertInputs(features.inputs, inputs, options.crop));
    checkOutputs(features.outputs, outputs);
    this.#request = new NativeRequest(model, options.state);
    const zeroCopy: Record<string, boolean> = {};
    try {
      for (const [name, input] of converted) zeroCopy[name] = bindInput(this.#request, name, input);
      for (const [name, tensor] of Object.entries(outputs))
        zeroCopy[name] = this.#request.bindTensor("output", name, tensor);
    } catch (error) {
      this.#request.handle.release();
      throw error;
    }
    this.zeroCopy = Object.freeze(zeroCopy);
    this.#inputs = converted;
    this.#outputs = outputs;
    const inputTensors = [...converted.values()].flatMap((input) => (input.kind === "tensor" ? [input.tensor] : []));
    this.#memory = [...inputTensors, ...Object.values(outputs)].filter(({ buffer }) => buffer.handle === 0);
  }

  /** Runs on this thread. */
  run(): void {
    this.#checkMemory();
    this.#request.run();
    this.#hasRun = true;
  }

  /** Runs on a native thread. The bound tensors must not be touched before the promise settles. */
  async runAsync(): Promise<void> {
    this.#checkMemory();
    await this.#request.runAsync();
    this.#hasRun = true;
  }

  /** All outputs of the last run: the bound tensors, and new values for what was not bound. */
  get outputs(): FeatureOutputs {
    if (!this.#hasRun) throw new FeatureError("the request has no outputs before its first run");
    const values: FeatureOutputs = {};
    for (const output of this.#request.outputs()) {
      values[output.name] = this.#outputs[output.name] ?? readOutput(this.#request, output);
    }
    return values;
  }

  /** The names of the bound inputs. */
  get inputNames(): string[] {
    return [...this.#inputs.keys()];
  }

  dispose(): void {
    this.#request.handle.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** JavaScript memory can be taken away between two runs; native memory is kept alive by the request. */
  #checkMemory(): void {
    for (const tensor of this.#memory) {
      if (tensor.isReleased)
        throw new MemoryError(
          `the ArrayBuffer under the bound ${tensor.toString()} is detached (transferred or structured-cloned away)`,
        );
    }
  }
}

function checkOutputs(features: readonly Feature[], outputs: Readonly<Record<string, Tensor>>): void {
  checkNames(features, Object.keys(outputs), "output");
  for (const [name, tensor] of Object.entries(outputs)) {
    const feature = features.find((candidate) => candidate.name === name)!;
    const expected = `output ${JSON.stringify(name)} is ${formatFeature(feature)}`;
    if (!(tensor instanceof Tensor))
      throw new FeatureError(`${expected}, got ${describe(tensor)}; bind takes a Tensor to be written`);
    if (feature.type !== "tensor")
      throw new FeatureError(`${expected}: only tensor outputs can be bound, the others are in request.outputs`);
    if ((feature.dtype && feature.dtype !== tensor.dtype) || !acceptsShape(feature, tensor.shape)) {
      throw new FeatureError(`${expected}, got ${tensor.toString()}`);
    }
  }
}
