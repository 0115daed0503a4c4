import { DisposedError } from "../errors.ts";
import { native } from "./library.ts";

type Release =
  | "tl_model_release"
  | "tl_state_release"
  | "tl_request_release"
  | "tl_weights_release"
  | "tl_metal_library_release"
  | "tl_metal_pipeline_release"
  | "tl_metal_queue_release"
  | "tl_metal_event_release"
  | "tl_metal_commands_release";

const registry = new FinalizationRegistry<{ handle: number; release: Release }>(({ handle, release }) =>
  native()[release](handle),
);

/** A native handle that is released once: by `release`, or after its owner was collected. */
export class OwnedHandle {
  readonly #release: Release;
  readonly #what: string;
  #handle: number;

  constructor(handle: number, release: Release, what: string) {
    this.#handle = handle;
    this.#release = release;
    this.#what = what;
    registry.register(this, { handle, release }, this);
  }

  /** The handle; DisposedError names the object when it is gone. */
  get value(): number {
    if (this.#handle === 0) throw new DisposedError(`${this.#what} was disposed`);
    return this.#handle;
  }

  get isReleased(): boolean {
    return this.#handle === 0;
  }

  release(): void {
    if (this.#handle === 0) return;
    registry.unregister(this);
    native()[this.#release](this.#handle);
    this.#handle = 0;
  }
}
