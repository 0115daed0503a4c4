import { encodeJson, encodeName, toByteCount, toU32 } from "./arguments.ts";
import { startAsync } from "./async.ts";
import type { SharedBuffer } from "./buffer.ts";
import { OwnedHandle } from "./handle.ts";
import { check, native } from "./library.ts";
import { takeJson } from "./text.ts";

export interface DeviceDescription {
  name: string;
  portable: boolean;
  unifiedMemory: boolean;
  maxBufferLength: number;
  recommendedMaxWorkingSetSize: number;
  maxThreadgroupMemoryLength: number;
  maxThreadsPerThreadgroup: [number, number, number];
}

export interface PipelineDescription {
  maxTotalThreadsPerThreadgroup: number;
  threadExecutionWidth: number;
}

/** What a dispatch binds to one index. */
export type Binding =
  | { kind: "buffer"; index: number; buffer: SharedBuffer; byteOffset: number }
  | { kind: "bytes"; index: number; bytes: Uint8Array }
  | { kind: "threadgroupMemory"; index: number; byteLength: number };

export type Size3 = readonly [number, number, number];

const out = new Uint32Array(1);
const outValue = new BigUint64Array(1);
const outSeconds = new Float64Array(2);
const encoder = new TextEncoder();
const bindingKinds = { buffer: 0, bytes: 1, threadgroupMemory: 2 } as const;
/** Any fixed bytes: a zero-length view has no address. */
const noBytes = new Uint8Array(1);

export function describeMetal(): DeviceDescription {
  return takeJson((text) => native().tl_metal_describe(text));
}

export function compileLibrary(source: string, options: object): { handle: OwnedHandle; functions: string[] } {
  const text = encoder.encode(source);
  const json = encodeJson(options);
  check(native().tl_metal_library_create(text.length === 0 ? noBytes : text, text.length, json, json.length, out));
  const handle = new OwnedHandle(out[0]!, "tl_metal_library_release", "the shader library");
  const { functions } = takeJson<{ functions: string[] }>((result) =>
    native().tl_metal_library_describe(handle.value, result),
  );
  return { handle, functions };
}

export function createPipeline(library: OwnedHandle, name: string): PipelineDescription & { handle: OwnedHandle } {
  const text = encodeName(name, "kernel name");
  check(native().tl_metal_pipeline_create(library.value, text.length === 0 ? noBytes : text, text.length, out));
  const handle = new OwnedHandle(out[0]!, "tl_metal_pipeline_release", `the pipeline ${name}`);
  const description = takeJson<PipelineDescription>((result) =>
    native().tl_metal_pipeline_describe(handle.value, result),
  );
  return { ...description, handle };
}

export function createQueue(): OwnedHandle {
  check(native().tl_metal_queue_create(out));
  return new OwnedHandle(out[0]!, "tl_metal_queue_release", "the command queue");
}

export class NativeEvent {
  readonly handle: OwnedHandle;

  constructor() {
    check(native().tl_metal_event_create(out));
    this.handle = new OwnedHandle(out[0]!, "tl_metal_event_release", "the event");
  }

  get value(): number {
    check(native().tl_metal_event_value(this.handle.value, outValue));
    return Number(outValue[0]);
  }

  signal(value: number): void {
    check(native().tl_metal_event_signal(this.handle.value, toByteCount(value, "event value")));
  }
}

/** One command buffer: filled, committed once, then released. */
export class NativeCommands {
  readonly handle: OwnedHandle;

  constructor(queue: OwnedHandle) {
    check(native().tl_metal_commands_create(queue.value, out));
    this.handle = new OwnedHandle(out[0]!, "tl_metal_commands_release", "the commands");
  }

  dispatch(pipeline: OwnedHandle, grid: Size3, threadgroup: Size3, bindings: readonly Binding[]): void {
    const sizes = Uint32Array.from([...grid, ...threadgroup], (size, i) => toU32(size, i < 3 ? "grid" : "threadgroup"));
    const table = new BigUint64Array(Math.max(bindings.length, 1) * 5);
    const bytes = joinBytes(bindings);
    const commands = this.handle.value;
    let offset = 0;
    // Handles of JavaScript memory exist during the call only; the command buffer keeps what it uses.
    const bind = (at: number): void => {
      const binding = bindings[at];
      if (!binding) {
        check(
          native().tl_metal_commands_dispatch(commands, pipeline.value, sizes, table, bindings.length, bytes, offset),
        );
        return;
      }
      const entry = table.subarray(at * 5, at * 5 + 5);
      entry[0] = BigInt(bindingKinds[binding.kind]);
      entry[1] = BigInt(toU32(binding.index, "index"));
      if (binding.kind === "buffer") {
        binding.buffer.withHandle((handle) => {
          entry[2] = BigInt(handle);
          entry[3] = BigInt(toByteCount(binding.byteOffset, "byteOffset"));
          bind(at + 1);
        });
        return;
      }
      if (binding.kind === "bytes") {
        entry[2] = BigInt(offset);
        entry[4] = BigInt(binding.bytes.length);
        offset += binding.bytes.length;
      } else entry[4] = BigInt(toByteCount(binding.byteLength, "threadgroupMemory"));
      bind(at + 1);
    };
    bind(0);
  }

  signal(event: NativeEvent, value: number): void {
    check(native().tl_metal_commands_signal(this.handle.value, event.handle.value, toByteCount(value, "event value")));
  }

  wait(event: NativeEvent, value: number): void {
    check(native().tl_metal_commands_wait(this.handle.value, event.handle.value, toByteCount(value, "event value")));
  }

  /** Resolves with the milliseconds on the GPU when the commands have run. */
  async commit(): Promise<number> {
    try {
      await startAsync((token) => native().tl_metal_commands_commit(this.handle.value, token));
      check(native().tl_metal_commands_times(this.handle.value, outSeconds));
      return (outSeconds[1]! - outSeconds[0]!) * 1000;
    } finally {
      this.handle.release();
    }
  }
}

function joinBytes(bindings: readonly Binding[]): Uint8Array {
  const parts = bindings.flatMap((binding) => (binding.kind === "bytes" ? [binding.bytes] : []));
  const joined = new Uint8Array(
    Math.max(
      1,
      parts.reduce((length, part) => length + part.length, 0),
    ),
  );
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
