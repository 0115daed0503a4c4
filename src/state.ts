import { BusyError, FeatureError } from "./errors.ts";
import { formatFeature } from "./features.ts";
import { createState, transferState } from "./native/model.ts";
import type { OwnedHandle } from "./native/handle.ts";
import type { Feature } from "./schema.ts";
import { Session } from "./session.ts";
import { isSameShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** The memory of a stateful model between predictions (a key-value cache, for example); zeros at first. */
export class State {
  readonly #handle: OwnedHandle;
  readonly #features: readonly Feature[];
  readonly #session: Session;
  #isBusy = false;

  /** @internal Use `model.newState()`. */
  constructor(model: OwnedHandle, features: readonly Feature[]) {
    this.#features = features;
    this.#handle = createState(model);
    this.#session = new Session(model, this.#handle);
  }

  /** The names of the state's tensors. */
  get names(): string[] {
    return this.#features.map(({ name }) => name);
  }

  /** A copy of one state tensor. */
  read(name: string): Tensor {
    const { shape = [], dtype = "float16" } = this.#find(name);
    const tensor = Tensor.zeros(shape, dtype);
    transferState("read", this.#handle, name, tensor.buffer, dtype);
    return tensor;
  }

  /** Overwrites one state tensor; the shape has to be the declared one, another element type is converted. */
  write(name: string, value: Tensor): void {
    const feature = this.#find(name);
    if (!(value instanceof Tensor) || !isSameShape(value.shape, feature.shape ?? value.shape)) {
      throw new FeatureError(`state ${JSON.stringify(name)} takes ${formatFeature(feature)}, got ${String(value)}`);
    }
    const dtype = feature.dtype ?? "float16";
    // A copy also for tensors of the right type that are a part of other memory or not dense: the call reads from the buffer's start.
    const isPlain = value.dtype === dtype && value.isDense && value.byteOffset === 0;
    const source = isPlain ? value : value.to(dtype);
    transferState("write", this.#handle, name, source.buffer, dtype);
  }

  /** Runs `use` with the state's own request; a second prediction on the same state at the same time is refused. @internal */
  lend(): { session: Session; giveBack(): void } {
    void this.#handle.value;
    if (this.#isBusy)
      throw new BusyError("this state is in use by another prediction; await that one first, or use a second state");
    this.#isBusy = true;
    return { session: this.#session, giveBack: () => void (this.#isBusy = false) };
  }

  dispose(): void {
    this.#session.release();
    this.#handle.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #find(name: string): Feature {
    const feature = this.#features.find((candidate) => candidate.name === name);
    if (feature) return feature;
    throw new FeatureError(
      `the model has no state ${JSON.stringify(name)}; its states: ${this.names.map((other) => JSON.stringify(other)).join(", ")}`,
    );
  }
}
