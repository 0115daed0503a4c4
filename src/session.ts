import { FeatureError } from "./errors.ts";
import { checkNames, type FeatureInputs, type FeatureOutputs } from "./features.ts";
import type { CropMode } from "./image/fit.ts";
import { convertInput, type BoundInput, type PendingImage } from "./inputs.ts";
import { NativeRequest } from "./native/request.ts";
import type { OwnedHandle } from "./native/handle.ts";
import { readOutput } from "./outputs.ts";
import type { Feature } from "./schema.ts";
import { describe } from "./shape.ts";

type Ready = BoundInput | PendingImage;

/** Checks names and values of a prediction's inputs and converts what is no picture. */
export function convertInputs(features: readonly Feature[], inputs: FeatureInputs, crop: CropMode): Map<string, Ready> {
  if (typeof inputs !== "object" || inputs === null || Array.isArray(inputs)) {
    throw new FeatureError(`inputs is ${describe(inputs)}, expected an object of feature names and values`);
  }
  const given = Object.entries(inputs).filter(([, value]) => value !== undefined);
  checkNames(
    features,
    given.map(([name]) => name),
    "input",
  );
  return new Map(
    given.map(([name, value]) => [
      name,
      convertInput(
        features.find((feature) => feature.name === name)!,
        value!,
        crop,
      ),
    ]),
  );
}

/** Decodes and fits pending pictures off this thread. */
export async function prepareImages(inputs: Map<string, Ready>): Promise<Map<string, BoundInput>> {
  const ready = await Promise.all(
    [...inputs].map(async ([name, input]): Promise<[string, BoundInput]> => {
      if (input.kind !== "pending") return [name, input];
      return [
        name,
        { kind: "image", pixels: await input.image.prepare(input.width, input.height, input.crop, input.layout) },
      ];
    }),
  );
  return new Map(ready);
}

/** Decodes and fits pending pictures on this thread. */
export function prepareImagesSync(inputs: Map<string, Ready>): Map<string, BoundInput> {
  return new Map(
    [...inputs].map(([name, input]): [string, BoundInput] => {
      if (input.kind !== "pending") return [name, input];
      return [
        name,
        { kind: "image", pixels: input.image.prepareSync(input.width, input.height, input.crop, input.layout) },
      ];
    }),
  );
}

/** A native request that predictions take in turns; what is bound already is not bound again. */
export class Session {
  readonly request: NativeRequest;
  /** Keeps the memory of bound inputs alive, and tells which bindings are still right. */
  readonly #bound = new Map<string, BoundInput>();

  constructor(model: OwnedHandle, state?: OwnedHandle) {
    this.request = new NativeRequest(model, state);
  }

  bind(inputs: ReadonlyMap<string, BoundInput>): void {
    for (const name of this.#bound.keys()) {
      if (inputs.has(name)) continue;
      this.request.unbind("input", name);
      this.#bound.delete(name);
    }
    for (const [name, input] of inputs) {
      if (isSameMemory(this.#bound.get(name), input)) continue;
      // Forgotten first: if the binding fails, the next prediction has to make it anew.
      this.#bound.delete(name);
      bindInput(this.request, name, input);
      this.#bound.set(name, input);
    }
  }

  /** Outputs of the last run, in the model's order. */
  collect(): FeatureOutputs {
    const outputs: FeatureOutputs = {};
    for (const output of this.request.outputs()) outputs[output.name] = readOutput(this.request, output);
    return outputs;
  }

  release(): void {
    this.request.handle.release();
  }
}

/** Binds one converted input; true when runs use its memory in place. */
export function bindInput(request: NativeRequest, name: string, input: BoundInput): boolean {
  switch (input.kind) {
    case "tensor":
      return request.bindTensor("input", name, input.tensor);
    case "image":
      return request.bindImage("input", name, { ...input.pixels, byteOffset: 0 });
    case "value":
      request.bindValue(name, input.value);
      return false;
  }
}

function isSameMemory(bound: BoundInput | undefined, input: BoundInput): boolean {
  if (bound?.kind === "tensor" && input.kind === "tensor")
    return bound.tensor === input.tensor && !input.tensor.buffer.isReleased;
  return bound?.kind === "image" && input.kind === "image" && bound.pixels === input.pixels;
}

/** Idle sessions kept per model: more than a few only hold memory. */
const maxIdleSessions = 4;

/** Sessions of one model, so that several predictions run at the same time. */
export class SessionPool {
  readonly #model: OwnedHandle;
  readonly #idle: Session[] = [];

  constructor(model: OwnedHandle) {
    this.#model = model;
  }

  acquire(): Session {
    // Touches the handle even when a session is idle: a disposed model must not run.
    void this.#model.value;
    return this.#idle.pop() ?? new Session(this.#model);
  }

  giveBack(session: Session): void {
    if (this.#idle.length < maxIdleSessions && !this.#model.isReleased) this.#idle.push(session);
    else session.release();
  }

  release(): void {
    for (const session of this.#idle.splice(0)) session.release();
  }
}
