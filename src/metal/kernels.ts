import type { OwnedHandle } from "../native/handle.ts";
import { createPipeline, type PipelineDescription } from "../native/metal.ts";

/** Compiled source. */
export class MetalKernels {
  /** Names of the kernels in the source. */
  readonly functionNames: readonly string[];
  readonly #handle: OwnedHandle;
  readonly #pipelines = new Map<string, MetalPipeline>();

  /** @internal Use `device.compile`. */
  constructor(handle: OwnedHandle, functionNames: readonly string[]) {
    this.#handle = handle;
    this.functionNames = Object.freeze([...functionNames]);
  }

  /** A kernel ready to be dispatched, the same object for the same name; NotFoundError lists the names that exist. */
  pipeline(name: string): MetalPipeline {
    const known = this.#pipelines.get(name);
    if (known) return known;
    const { handle, ...description } = createPipeline(this.#handle, name);
    const pipeline = new MetalPipeline(name, handle, description);
    this.#pipelines.set(name, pipeline);
    return pipeline;
  }

  /** Pipelines that were made go on working. */
  dispose(): void {
    this.#handle.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** One kernel. */
export class MetalPipeline {
  readonly name: string;
  readonly maxTotalThreadsPerThreadgroup: number;
  /** Threads of a simdgroup. */
  readonly threadExecutionWidth: number;
  /** @internal */
  readonly handle: OwnedHandle;

  /** @internal Use `kernels.pipeline`. */
  constructor(name: string, handle: OwnedHandle, description: PipelineDescription) {
    this.name = name;
    this.handle = handle;
    this.maxTotalThreadsPerThreadgroup = description.maxTotalThreadsPerThreadgroup;
    this.threadExecutionWidth = description.threadExecutionWidth;
  }

  toString(): string {
    return `MetalPipeline ${this.name}`;
  }
}
