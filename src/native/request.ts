import { dtypes, type DType } from "../dtype.ts";
import { encodeJson, encodeName } from "./arguments.ts";
import { startAsync } from "./async.ts";
import { SharedBuffer } from "./buffer.ts";
import { OwnedHandle } from "./handle.ts";
import { pixelLayouts, type PixelLayout } from "./image.ts";
import { check, native } from "./library.ts";
import { toI64 } from "./tensor.ts";
import { takeJson } from "./text.ts";

export type Direction = "input" | "output";

/** A tensor's place in memory. */
export interface TensorBinding {
  buffer: SharedBuffer;
  byteOffset: number;
  dtype: DType;
  shape: readonly number[];
  strides: readonly number[];
}

/** Pixels in memory. */
export interface ImageBinding {
  buffer: SharedBuffer;
  byteOffset: number;
  layout: PixelLayout;
  width: number;
  height: number;
}

/** One output of the last run, as tl_request_outputs describes it. */
export interface RawOutput {
  name: string;
  type: string;
  dtype?: string;
  shape?: number[];
  strides?: number[];
  pixels?: number;
  width?: number;
  height?: number;
  bytesPerRow?: number;
  value?: unknown;
  bound: boolean;
  zeroCopy: boolean;
}

const outHandle = new Uint32Array(1);
const outAddress = new BigUint64Array(1);
const outLength = new BigUint64Array(1);
const outZeroCopy = new Uint32Array(1);
const directionCode = { input: 0, output: 1 } as const;

/** A native request. What is bound to it has to be kept alive by the caller when it is JavaScript memory. */
export class NativeRequest {
  readonly handle: OwnedHandle;

  constructor(model: OwnedHandle, state: OwnedHandle | undefined) {
    check(native().tl_request_create(model.value, state?.value ?? 0, outHandle));
    this.handle = new OwnedHandle(outHandle[0]!, "tl_request_release", "request");
  }

  /** Returns whether runs use the memory in place. */
  bindTensor(
    direction: Direction,
    name: string,
    { buffer, byteOffset, dtype, shape, strides }: TensorBinding,
  ): boolean {
    const text = encodeName(name, "feature name");
    buffer.withHandle((handle) =>
      check(
        native().tl_request_bind_tensor(
          this.handle.value,
          directionCode[direction],
          text,
          text.length,
          handle,
          byteOffset,
          dtypes[dtype].code,
          shape.length,
          toI64(shape),
          toI64(strides),
          outZeroCopy,
        ),
      ),
    );
    return outZeroCopy[0] === 1;
  }

  bindImage(direction: Direction, name: string, { buffer, byteOffset, layout, width, height }: ImageBinding): boolean {
    const text = encodeName(name, "feature name");
    const { code, byteLength } = pixelLayouts[layout];
    buffer.withHandle((handle) =>
      check(
        native().tl_request_bind_image(
          this.handle.value,
          directionCode[direction],
          text,
          text.length,
          handle,
          byteOffset,
          code,
          width,
          height,
          width * byteLength,
          outZeroCopy,
        ),
      ),
    );
    return outZeroCopy[0] === 1;
  }

  bindValue(name: string, value: unknown): void {
    const text = encodeName(name, "feature name");
    const json = encodeJson(value);
    check(native().tl_request_bind_value(this.handle.value, text, text.length, json, json.length));
  }

  unbind(direction: Direction, name: string): void {
    const text = encodeName(name, "feature name");
    check(native().tl_request_unbind(this.handle.value, directionCode[direction], text, text.length));
  }

  run(): void {
    check(native().tl_request_run(this.handle.value));
  }

  async runAsync(): Promise<void> {
    const handle = this.handle.value;
    await startAsync((token) => native().tl_request_run_async(handle, token));
  }

  outputs(): RawOutput[] {
    return takeJson((out) => native().tl_request_outputs(this.handle.value, out));
  }

  /** The memory of an output of the last run. */
  outputBuffer(name: string): SharedBuffer {
    const text = encodeName(name, "feature name");
    check(native().tl_request_output_buffer(this.handle.value, text, text.length, outHandle, outAddress, outLength));
    return SharedBuffer.adopt(outHandle[0]!, Number(outAddress[0]), Number(outLength[0]));
  }
}
