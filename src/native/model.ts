import { dtypes, type DType } from "../dtype.ts";
import { encodeJson, encodeName } from "./arguments.ts";
import { startAsync } from "./async.ts";
import type { SharedBuffer } from "./buffer.ts";
import { OwnedHandle } from "./handle.ts";
import { check, native } from "./library.ts";
import { takeJson } from "./text.ts";

const outHandle = new Uint32Array(1);

/** Loads a model off the JavaScript thread. */
export async function loadModelHandle(path: string, options: object): Promise<OwnedHandle> {
  const name = encodeName(path, "path");
  const json = encodeJson(options);
  const handle = await startAsync((token) => native().tl_model_load_async(name, name.length, json, json.length, token));
  return new OwnedHandle(handle, "tl_model_release", `model ${path}`);
}

/** The model's description as the library writes it; the caller validates it. */
export function describeModel(model: OwnedHandle): unknown {
  return takeJson((out) => native().tl_model_describe(model.value, out));
}

export function createState(model: OwnedHandle): OwnedHandle {
  check(native().tl_state_create(model.value, outHandle));
  return new OwnedHandle(outHandle[0]!, "tl_state_release", "state");
}

/** Copies a state tensor into (`read`) or out of (`write`) a dense buffer. */
export function transferState(
  direction: "read" | "write",
  state: OwnedHandle,
  stateName: string,
  buffer: SharedBuffer,
  dtype: DType,
): void {
  const call = direction === "read" ? native().tl_state_read : native().tl_state_write;
  const name = encodeName(stateName, "state name");
  buffer.withHandle((handle) => check(call(state.value, name, name.length, handle, 0, dtypes[dtype].code)));
}
