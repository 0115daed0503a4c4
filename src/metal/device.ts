import { ArgumentError } from "../errors.ts";
import { compileLibrary, createQueue, describeMetal, type DeviceDescription } from "../native/metal.ts";
import { describe } from "../shape.ts";
import { CompileError } from "./compile-error.ts";
import { MetalEvent } from "./event.ts";
import { MetalKernels } from "./kernels.ts";
import { MetalQueue } from "./queue.ts";

export interface CompileOptions {
  /** Lets the GPU's compiler reorder floating-point operations; true unless told otherwise. The CPU never does. */
  fastMath?: boolean;
  /** Names that the source sees as defined. */
  macros?: Readonly<Record<string, string | number | boolean>>;
}

/** What runs kernels. Get it by `metal.device()`. */
export class MetalDevice {
  readonly name: string;
  /** True for the package's own device on the CPU, false for Apple's GPUs. */
  readonly portable: boolean;
  readonly unifiedMemory: boolean;
  /** Bytes. */
  readonly maxBufferLength: number;
  /** Bytes that buffers can take together before performance suffers. */
  readonly recommendedMaxWorkingSetSize: number;
  /** Bytes. */
  readonly maxThreadgroupMemoryLength: number;
  readonly maxThreadsPerThreadgroup: readonly [number, number, number];

  /** @internal Use `metal.device()`. */
  constructor(description: DeviceDescription = describeMetal()) {
    this.name = description.name;
    this.portable = description.portable;
    this.unifiedMemory = description.unifiedMemory;
    this.maxBufferLength = description.maxBufferLength;
    this.recommendedMaxWorkingSetSize = description.recommendedMaxWorkingSetSize;
    this.maxThreadgroupMemoryLength = description.maxThreadgroupMemoryLength;
    this.maxThreadsPerThreadgroup = description.maxThreadsPerThreadgroup;
  }

  /**
   * Compiles Metal Shading Language. CompileError has line and column; UnsupportedError names a feature that the portable device
   * lacks. The same source is compiled once per machine: the result is kept in the user's cache.
   */
  compile(source: string, options: CompileOptions = {}): MetalKernels {
    if (typeof source !== "string") throw new ArgumentError(`source is ${describe(source)}, expected MSL as a string`);
    const macros = Object.fromEntries(
      Object.entries(options.macros ?? {}).map(([name, value]) => [name, String(Number.isNaN(value) ? "NAN" : value)]),
    );
    try {
      const { handle, functions } = compileLibrary(source, {
        fastMath: options.fastMath ?? true,
        macros,
      });
      return new MetalKernels(handle, functions);
    } catch (error) {
      throw CompileError.from(error) ?? error;
    }
  }

  /** A queue of its own: what is dispatched to one queue runs in order, queues run beside each other. */
  queue(): MetalQueue {
    return new MetalQueue(createQueue(), this);
  }

  /** An event for `queue.signal` and `queue.wait`. */
  event(): MetalEvent {
    return new MetalEvent();
  }

  toString(): string {
    return `MetalDevice ${this.name}`;
  }
}
