import { encodeName } from "./arguments.ts";
import { startAsync } from "./async.ts";
import { SharedBuffer } from "./buffer.ts";
import { OwnedHandle } from "./handle.ts";
import { check, native } from "./library.ts";
import { takeJson } from "./text.ts";

/** One entry of a file's metadata as tl_weights_describe gives it; long arrays come without their value. */
export interface MetadataEntry {
  key: string;
  type: string;
  elementType?: string;
  count?: number;
  value?: unknown;
}

export interface WeightsDescription {
  format: "SafeTensors" | "GGUF";
  path: string;
  quantization: string;
  version: number;
  metadata: MetadataEntry[];
  tensors: { name: string; dtype: string; shape: number[]; byteLength: number }[];
}

const outFlag = new Uint32Array(1);
const outBuffer = new Uint32Array(1);
const outAddress = new BigUint64Array(1);
const outByteLength = new BigUint64Array(1);

/** True for SafeTensors, GGUF and sets of shards; false for everything else, also for what does not exist. */
export function isWeightsFile(path: string): boolean {
  const name = encodeName(path, "path");
  check(native().tl_weights_detect(name, name.length, outFlag));
  return outFlag[0] === 1;
}

/** Opens a file of weights off the JavaScript thread. */
export async function openWeightsHandle(path: string): Promise<OwnedHandle> {
  const name = encodeName(path, "path");
  const handle = await startAsync((token) => native().tl_weights_open_async(name, name.length, token));
  return new OwnedHandle(handle, "tl_weights_release", `weights ${path}`);
}

export function describeWeights(weights: OwnedHandle): WeightsDescription {
  return takeJson((out) => native().tl_weights_describe(weights.value, out));
}

/** The value of a metadata entry, by its place in the description. */
export function readMetadata(weights: OwnedHandle, index: number): unknown {
  return takeJson((out) => native().tl_weights_metadata(weights.value, index, out));
}

/** A tensor's memory: as stored (`raw`), or as f16 (`tensor`); in place where that is possible. */
export function readTensor(weights: OwnedHandle, index: number, form: "raw" | "tensor"): SharedBuffer {
  const call = form === "raw" ? native().tl_weights_raw : native().tl_weights_tensor;
  check(call(weights.value, index, outBuffer, outAddress, outByteLength, outFlag));
  // A tensor without elements has no bytes to share; the handle's buffer would be empty.
  if (outByteLength[0] === 0n) {
    native().tl_buffer_release(outBuffer[0]!);
    return SharedBuffer.allocate(0);
  }
  return SharedBuffer.adopt(outBuffer[0]!, Number(outAddress[0]), Number(outByteLength[0]));
}
