import type { FFIFunction } from "bun:ffi";

/**
 * Every export of tensorlogic.h, in the header's order. `uint64_t` parameters are `u64` (plain numbers are accepted), pointers are `ptr`:
 * pass the view itself, an address, or null. A test compares this list with the header, the Swift exports and the library.
 */
const library = {
  tl_abi_version: { args: ["ptr"], returns: "i32" },
  tl_last_error: { args: ["ptr", "u32", "ptr"], returns: "i32" },
  tl_runtime_describe: { args: ["ptr"], returns: "i32" },
  tl_runtime_counters: { args: ["ptr"], returns: "i32" },
  tl_runtime_peak: { args: ["ptr"], returns: "i32" },
  tl_text_bytes: { args: ["u32", "ptr", "ptr"], returns: "i32" },
  tl_text_release: { args: ["u32"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

const buffers = {
  tl_buffer_create: { args: ["u64", "ptr", "ptr"], returns: "i32" },
  tl_buffer_wrap: { args: ["ptr", "u64", "ptr"], returns: "i32" },
  tl_buffer_bytes: { args: ["u32", "ptr", "ptr"], returns: "i32" },
  tl_buffer_release: { args: ["u32"], returns: "i32" },
  tl_buffer_collect: { args: ["ptr", "ptr"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

const models = {
  tl_model_load: { args: ["ptr", "u32", "ptr", "u32", "ptr"], returns: "i32" },
  tl_model_load_async: { args: ["ptr", "u32", "ptr", "u32", "u32"], returns: "i32" },
  tl_model_describe: { args: ["u32", "ptr"], returns: "i32" },
  tl_model_release: { args: ["u32"], returns: "i32" },
  tl_state_create: { args: ["u32", "ptr"], returns: "i32" },
  tl_state_read: { args: ["u32", "ptr", "u32", "u32", "u64", "i32"], returns: "i32" },
  tl_state_write: { args: ["u32", "ptr", "u32", "u32", "u64", "i32"], returns: "i32" },
  tl_state_release: { args: ["u32"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

const weights = {
  tl_weights_detect: { args: ["ptr", "u32", "ptr"], returns: "i32" },
  tl_weights_open_async: { args: ["ptr", "u32", "u32"], returns: "i32" },
  tl_weights_describe: { args: ["u32", "ptr"], returns: "i32" },
  tl_weights_metadata: { args: ["u32", "u32", "ptr"], returns: "i32" },
  tl_weights_raw: { args: ["u32", "u32", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  tl_weights_tensor: { args: ["u32", "u32", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  tl_weights_release: { args: ["u32"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

const requests = {
  tl_request_create: { args: ["u32", "u32", "ptr"], returns: "i32" },
  tl_request_bind_tensor: {
    args: ["u32", "i32", "ptr", "u32", "u32", "u64", "i32", "u32", "ptr", "ptr", "ptr"],
    returns: "i32",
  },
  tl_request_bind_image: {
    args: ["u32", "i32", "ptr", "u32", "u32", "u64", "i32", "u32", "u32", "u32", "ptr"],
    returns: "i32",
  },
  tl_request_bind_value: { args: ["u32", "ptr", "u32", "ptr", "u32"], returns: "i32" },
  tl_request_unbind: { args: ["u32", "i32", "ptr", "u32"], returns: "i32" },
  tl_request_run: { args: ["u32"], returns: "i32" },
  tl_request_run_async: { args: ["u32", "u32"], returns: "i32" },
  tl_request_outputs: { args: ["u32", "ptr"], returns: "i32" },
  tl_request_output_buffer: { args: ["u32", "ptr", "u32", "ptr", "ptr", "ptr"], returns: "i32" },
  tl_request_release: { args: ["u32"], returns: "i32" },
  tl_model_compute_plan: { args: ["u32", "ptr"], returns: "i32" },
  tl_model_graph: { args: ["u32", "ptr"], returns: "i32" },
  tl_request_profile: { args: ["u32", "u32", "ptr"], returns: "i32" },
  tl_request_compare: { args: ["u32", "ptr"], returns: "i32" },
  tl_async_set_callback: { args: ["ptr"], returns: "i32" },
  tl_async_result: { args: ["u32", "ptr"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

const metal = {
  tl_metal_describe: { args: ["ptr"], returns: "i32" },
  tl_metal_library_create: { args: ["ptr", "u32", "ptr", "u32", "ptr"], returns: "i32" },
  tl_metal_library_describe: { args: ["u32", "ptr"], returns: "i32" },
  tl_metal_library_release: { args: ["u32"], returns: "i32" },
  tl_metal_pipeline_create: { args: ["u32", "ptr", "u32", "ptr"], returns: "i32" },
  tl_metal_pipeline_describe: { args: ["u32", "ptr"], returns: "i32" },
  tl_metal_pipeline_release: { args: ["u32"], returns: "i32" },
  tl_metal_queue_create: { args: ["ptr"], returns: "i32" },
  tl_metal_queue_release: { args: ["u32"], returns: "i32" },
  tl_metal_event_create: { args: ["ptr"], returns: "i32" },
  tl_metal_event_value: { args: ["u32", "ptr"], returns: "i32" },
  tl_metal_event_signal: { args: ["u32", "u64"], returns: "i32" },
  tl_metal_event_release: { args: ["u32"], returns: "i32" },
  tl_metal_commands_create: { args: ["u32", "ptr"], returns: "i32" },
  tl_metal_commands_dispatch: { args: ["u32", "u32", "ptr", "ptr", "u32", "ptr", "u32"], returns: "i32" },
  tl_metal_commands_signal: { args: ["u32", "u32", "u64"], returns: "i32" },
  tl_metal_commands_wait: { args: ["u32", "u32", "u64"], returns: "i32" },
  tl_metal_commands_commit: { args: ["u32", "u32"], returns: "i32" },
  tl_metal_commands_times: { args: ["u32", "ptr"], returns: "i32" },
  tl_metal_commands_release: { args: ["u32"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

const kernels = {
  tl_kernel_run: { args: ["ptr", "u32", "ptr", "u32"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

const loops = {
  tl_tensor_convert: { args: ["ptr", "i32", "ptr", "i32", "u64"], returns: "i32" },
  tl_tensor_copy: { args: ["ptr", "ptr", "ptr", "ptr", "i32", "u32", "ptr"], returns: "i32" },
  tl_tensor_argmax: { args: ["ptr", "i32", "u64", "ptr"], returns: "i32" },
  tl_tensor_top_k: { args: ["ptr", "i32", "u64", "u32", "ptr", "ptr"], returns: "i32" },
  tl_tensor_softmax: { args: ["ptr", "ptr", "i32", "u64", "u64"], returns: "i32" },
  tl_tensor_elementwise: { args: ["i32", "i32", "ptr", "ptr", "ptr", "ptr", "ptr", "u32", "ptr"], returns: "i32" },
  tl_tensor_matmul: { args: ["i32", "ptr", "ptr", "ptr", "ptr", "ptr", "u32", "u64", "u64", "u64"], returns: "i32" },
  tl_image_convert: { args: ["ptr", "i32", "u32", "ptr", "i32", "u32", "u32", "u32"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

export const symbols = {
  ...library,
  ...buffers,
  ...models,
  ...weights,
  ...requests,
  ...metal,
  ...kernels,
  ...loops,
} as const;

export type SymbolName = keyof typeof symbols;
