import { ArgumentError } from "../errors.ts";
import type { OwnedHandle } from "../native/handle.ts";
import { NativeCommands } from "../native/metal.ts";
import { describe } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { toBindings, toSize3, type DispatchOptions } from "./dispatch.ts";
import type { MetalEvent } from "./event.ts";
import { MetalPipeline } from "./kernels.ts";
import type { MetalDevice } from "./device.ts";
import { MetalOperations } from "./metal-operations.ts";
import type { Operations } from "./operations.ts";

/** What `finished` answers. */
export interface FinishedWork {
  /** Command buffers that have run since the last `finished`. */
  commandBuffers: number;
  /** Their time on the GPU, in milliseconds. */
  gpuTimeMs: number;
}

/** What can be added to a command buffer. */
export interface CommandEncoder {
  /** Runs a kernel. Everything is checked before anything is encoded. */
  dispatch(pipeline: MetalPipeline, options: DispatchOptions): void;
  /** Sets the event when everything before has run. */
  signal(event: MetalEvent, value: number): void;
  /** Holds what comes later until the event has the value. */
  wait(event: MetalEvent, value: number): void;
}

/** An encoder that also has the package's own operations. */
interface OperationEncoder extends CommandEncoder {
  /** f16 operations as Metal kernels, in the order of the queue. */
  readonly operations: Operations;
}

/** Several commands that are committed together. Get it by `queue.batch`. */
export class MetalBatch implements OperationEncoder {
  /** @internal */
  readonly commands: NativeCommands;
  /** @internal Tensors that the commands use. */
  readonly tensors: Tensor[] = [];
  /** @internal */
  count = 0;

  readonly operations: Operations;

  /** @internal */
  constructor(queue: OwnedHandle, device: MetalDevice) {
    this.commands = new NativeCommands(queue);
    this.operations = new MetalOperations(device, this);
  }

  dispatch(pipeline: MetalPipeline, options: DispatchOptions): void {
    if (!(pipeline instanceof MetalPipeline)) {
      throw new ArgumentError(`pipeline is ${describe(pipeline)}, expected one of kernels.pipeline(name)`);
    }
    const grid = toSize3(options?.grid, "grid");
    const threadgroup = toSize3(options.threadgroup, "threadgroup");
    const { bindings, tensors } = toBindings(options);
    this.commands.dispatch(pipeline.handle, grid, threadgroup, bindings);
    this.tensors.push(...tensors);
    this.count++;
  }

  signal(event: MetalEvent, value: number): void {
    this.commands.signal(event.native, value);
    this.count++;
  }

  wait(event: MetalEvent, value: number): void {
    this.commands.wait(event.native, value);
    this.count++;
  }
}

/** Runs what it is given in order, off the JavaScript thread. Get it by `device.queue()`. */
export class MetalQueue implements OperationEncoder {
  readonly operations: Operations;
  readonly #handle: OwnedHandle;
  readonly #device: MetalDevice;
  /** Work that `finished` has not reported yet. */
  #pending: Promise<void>[] = [];
  #done: FinishedWork = { commandBuffers: 0, gpuTimeMs: 0 };
  #errors: unknown[] = [];

  /** @internal */
  constructor(handle: OwnedHandle, device: MetalDevice) {
    this.#handle = handle;
    this.#device = device;
    this.operations = new MetalOperations(device, this);
  }

  dispatch(pipeline: MetalPipeline, options: DispatchOptions): void {
    this.batch((commands) => commands.dispatch(pipeline, options));
  }

  signal(event: MetalEvent, value: number): void {
    this.batch((commands) => commands.signal(event, value));
  }

  wait(event: MetalEvent, value: number): void {
    this.batch((commands) => commands.wait(event, value));
  }

  /** Everything that `fill` adds runs as one command buffer; when `fill` throws, nothing of it runs. */
  batch<T>(fill: (commands: MetalBatch) => T): T {
    const batch = new MetalBatch(this.#handle, this.#device);
    let result: T;
    try {
      result = fill(batch);
    } catch (error) {
      batch.commands.handle.release();
      throw error;
    }
    if (batch.count > 0) this.#pending.push(this.#commit(batch));
    else batch.commands.handle.release();
    return result;
  }

  /** Resolves when all that was committed before the call has run; rejects with the first error since the last call. */
  async finished(): Promise<FinishedWork> {
    const pending = this.#pending;
    this.#pending = [];
    await Promise.all(pending);
    const done = this.#done;
    this.#done = { commandBuffers: 0, gpuTimeMs: 0 };
    const [error] = this.#errors.splice(0);
    if (error !== undefined) throw error;
    return done;
  }

  /** Commands that were committed go on. */
  dispose(): void {
    this.#handle.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #commit(batch: MetalBatch): Promise<void> {
    try {
      const gpuTimeMs = await batch.commands.commit();
      this.#done = {
        commandBuffers: this.#done.commandBuffers + 1,
        gpuTimeMs: this.#done.gpuTimeMs + gpuTimeMs,
      };
    } catch (error) {
      this.#errors.push(error);
    } finally {
      // The tensors were alive until here.
      batch.tensors.length = 0;
    }
  }
}
