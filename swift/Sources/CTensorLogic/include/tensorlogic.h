/*
 * tensorlogic.h - the contract between TypeScript (src/native) and Swift (swift/Sources/TensorLogic).
 * What is not in this header is not API. A test compares it with src/native/symbols.ts, the @_cdecl exports and nm.
 *
 * Rules
 *   - Every function returns a tl_status as int32_t: 0 is success, negative is an error. Results leave through out_ parameters,
 *     which are written only on success. The text of the last error of the calling thread: tl_last_error.
 *   - Handles are uint32_t (slot + generation), 0 is never valid. A stale, released or foreign handle answers TL_E_HANDLE.
 *     Release order is free: an object that is still needed by another one lives until that one is released.
 *   - Text is UTF-8, passed as pointer + byte length, never NUL-terminated. JSON where the parameter says so.
 *   - Calls may come from any thread. Two calls that use the same request at the same time: the second answers TL_E_BUSY.
 *
 * Ownership, one word per pointer
 *   in    read during the call only
 *   out   written during the call only
 *   lent  stays valid until the release that the comment names
 */
#ifndef TENSORLOGIC_H
#define TENSORLOGIC_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TL_ABI_VERSION 1

enum tl_status {
  TL_OK = 0,
  TL_E_ARGUMENT = -1,    /* an argument of this call is wrong (null, range, JSON, enum value) */
  TL_E_HANDLE = -2,      /* no such handle: released, stale, of another kind */
  TL_E_NOT_FOUND = -3,   /* a file, a feature or a function of that name does not exist */
  TL_E_FORMAT = -4,      /* the file is malformed */
  TL_E_UNSUPPORTED = -5, /* well formed, but this runtime does not run it */
  TL_E_FEATURE = -6,     /* a feature's shape, element type or kind does not fit */
  TL_E_IO = -7,          /* the operating system refused */
  TL_E_MEMORY = -8,      /* no memory */
  TL_E_RUNTIME = -9,     /* the run itself failed */
  TL_E_BUSY = -10        /* the request is running */
};

/* Element types of tensors; the numbers are MLMultiArrayDataType's where Core ML has the type. */
enum tl_dtype {
  TL_FLOAT16 = 65552,
  TL_FLOAT32 = 65568,
  TL_FLOAT64 = 65600,
  TL_INT32 = 131104,
  TL_INT8 = 131080,
  TL_UINT8 = 1,
  TL_INT16 = 2,
  TL_UINT16 = 3,
  TL_UINT32 = 4,
  TL_BOOL = 5
};

/* Arithmetic on elements; divide and the rest as IEEE 754 has them. */
enum tl_operation { TL_ADD = 1, TL_SUBTRACT = 2, TL_MULTIPLY = 3, TL_DIVIDE = 4, TL_NEGATE = 5 };

/* Pixel layouts of 8-bit images in memory (bytes in this order), and half-float grey with values 0..255. */
enum tl_pixels { TL_PIXELS_BGRA = 1, TL_PIXELS_RGBA = 2, TL_PIXELS_RGB = 3, TL_PIXELS_GRAY = 4, TL_PIXELS_GRAY_F16 = 5 };

/* ---- library -------------------------------------------------------------------------------------------------- */

/* TL_ABI_VERSION of the library; compared at load. */
int32_t tl_abi_version(uint32_t *out_version);
/* Copies at most `capacity` bytes of the calling thread's last error text into text (out); out_byte_length is its full length. */
int32_t tl_last_error(uint8_t *text, uint32_t capacity, uint32_t *out_byte_length);
/* JSON {platform, portable, isa, isaProblem: string or null, threads, version, devices: [{kind, name}]} as a text handle. */
int32_t tl_runtime_describe(uint32_t *out_text);
/*
 * JSON {handles, copiedBytes, copies, runs, asyncInFlight, loadedModels}: what the library holds and has done so far. copiedBytes: bytes of
 * tensors and pixels that moved between the caller's memory and the model's because layout or element type did not fit.
 */
int32_t tl_runtime_counters(uint32_t *out_text);
/* JSON {gflops, gigabytesPerSecond}: the most that the portable engine's threads can compute (f32) and read from memory; measures for about 0.2 s. */
int32_t tl_runtime_peak(uint32_t *out_text);

/* A text result: bytes (lent until tl_text_release). */
int32_t tl_text_bytes(uint32_t text, uint64_t *out_address, uint64_t *out_byte_length);
int32_t tl_text_release(uint32_t text);

/* ---- buffers -------------------------------------------------------------------------------------------------- */

/* Page-aligned, zeroed shared memory (a Metal buffer with shared storage); the address is lent until tl_buffer_release. */
int32_t tl_buffer_create(uint64_t byte_length, uint32_t *out_buffer, uint64_t *out_address);
/* Memory of the caller, used in place; it is lent to the library: keep it alive until the buffer and all requests bound to it are released. */
int32_t tl_buffer_wrap(void *address, uint64_t byte_length, uint32_t *out_buffer);
/* The address (lent until tl_buffer_release) and length of a buffer. */
int32_t tl_buffer_bytes(uint32_t buffer, uint64_t *out_address, uint64_t *out_byte_length);
int32_t tl_buffer_release(uint32_t buffer);
/*
 * tl_buffer_release in the shape of a JavaScript engine's deallocator of external memory (bytes is ignored, context: the handle as a
 * pointer-sized number): a garbage collector's thread may call it at any time, also for a handle that was released before.
 */
int32_t tl_buffer_collect(void *bytes, void *context);

/* ---- models --------------------------------------------------------------------------------------------------- */

/*
 * Loads a model file or package. path: in. options: in, JSON {computeUnits: "all"|"cpuOnly"|"cpuAndGPU"|"cpuAndNeuralEngine",
 * functionName?: string, precision?: "model"|"f32"|"fast"}; zero length = defaults. f32 computes in f32 (portable engine only,
 * TL_E_UNSUPPORTED on Apple systems); fast allows f16 sums on Apple's GPUs, and in the portable engine products of bf16's precision
 * (error 3e-3) where it runs on AMX, which the description's device says; elsewhere it changes nothing.
 */
int32_t tl_model_load(const uint8_t *path, uint32_t path_byte_length, const uint8_t *options, uint32_t options_byte_length, uint32_t *out_model);
/* The same off the calling thread: returns at once, the completion callback receives the token; then tl_async_result gives the model. */
int32_t tl_model_load_async(const uint8_t *path, uint32_t path_byte_length, const uint8_t *options, uint32_t options_byte_length, uint32_t token);
/*
 * JSON {format, kind, quantization, specificationVersion, shortDescription, author, license, version, userDefined, device,
 *  functionName, functions: [..], inputs: [feature], outputs: [feature], states: [feature],
 *  predictedFeatureName?, predictedProbabilitiesName?, classLabels?, operations: {"ios16.conv": 52, ..}, computePrecision}
 * kind, quantization and computePrecision are "unknown", specificationVersion 0, for files that only Apple's Core ML reads.
 * feature: {name, type: "image"|"tensor"|"int64"|"double"|"string"|"dictionary"|"sequence"|"state", optional, description,
 *  shape?, dtype?, flexible?: {enumerated: [[..]]} | {ranges: [[lower, upper | null], ..]}, width?, height?, colorSpace?: "RGB"|"BGR"|"L"|"F", keyType?: "string"|"int64", elementType?: "string"|"int64" (of a sequence)}
 * flexible of an image: sizes and ranges as [height, width].
 */
int32_t tl_model_describe(uint32_t model, uint32_t *out_text);
int32_t tl_model_release(uint32_t model);

/* State of a stateful model, zeros at first. */
int32_t tl_state_create(uint32_t model, uint32_t *out_state);
/* Copies one state tensor out of / into a buffer (row-major; dtype and byte length must fit the declared state). */
int32_t tl_state_read(uint32_t state, const uint8_t *name, uint32_t name_byte_length, uint32_t buffer, uint64_t byte_offset, int32_t dtype);
int32_t tl_state_write(uint32_t state, const uint8_t *name, uint32_t name_byte_length, uint32_t buffer, uint64_t byte_offset, int32_t dtype);
int32_t tl_state_release(uint32_t state);

/* ---- weights: files of named tensors (SafeTensors, GGUF) ---------------------------------------------------------- */

/*
 * out_is_weights: 1 if the path is a SafeTensors or GGUF file, the index of a sharded set (model.safetensors.index.json), or a folder
 * with one of them and no model; 0 for anything else, a missing file included.
 */
int32_t tl_weights_detect(const uint8_t *path, uint32_t path_byte_length, uint32_t *out_is_weights);
/* Opens such a path off the calling thread: the header is read and checked, the tensors stay in the mapped file. tl_async_result gives the weights. */
int32_t tl_weights_open_async(const uint8_t *path, uint32_t path_byte_length, uint32_t token);
/*
 * JSON {format: "SafeTensors"|"GGUF", path, quantization, version, metadata: [{key, type, elementType?, count?, value?}],
 *  tensors: [{name, dtype, shape, byteLength}]}
 * quantization: the type that most bytes are stored in. version: of GGUF, else 0. value: int64 and uint64 as {integer: "digits"}, floats that
 * are not finite as {float: "NaN" | "Infinity" | "-Infinity"}; absent for arrays of more than 64 elements, which tl_weights_metadata gives.
 */
int32_t tl_weights_describe(uint32_t weights, uint32_t *out_text);
/* The value of one metadata entry (index in the order of tl_weights_describe) as JSON. */
int32_t tl_weights_metadata(uint32_t weights, uint32_t index, uint32_t *out_text);
/*
 * One tensor (index in the order of tl_weights_describe) as a buffer of its own, lent until tl_buffer_release, also after tl_weights_release.
 * raw: the bytes as they are stored. tensor: the elements as f16, converted unless they are stored so; TL_E_UNSUPPORTED for integers.
 * out_in_place: 1 if the buffer is the mapped file itself; writes to it stay in this process and never reach the file.
 */
int32_t tl_weights_raw(uint32_t weights, uint32_t index, uint32_t *out_buffer, uint64_t *out_address, uint64_t *out_byte_length, uint32_t *out_in_place);
int32_t tl_weights_tensor(uint32_t weights, uint32_t index, uint32_t *out_buffer, uint64_t *out_address, uint64_t *out_byte_length, uint32_t *out_in_place);
int32_t tl_weights_release(uint32_t weights);

/* ---- requests: inputs and outputs bound once, run many times ---------------------------------------------------- */

/* state: a state of this model; 0 for models without states. */
int32_t tl_request_create(uint32_t model, uint32_t state, uint32_t *out_request);
/*
 * Binds memory to a tensor feature, an input or an output (chosen by name: direction 0 input, 1 output). shape and strides: in, rank
 * elements each (at most 16), in elements. The buffer is kept alive by the request. out_zero_copy: 1 if runs are to use the memory in
 * place. Inputs of another dtype are converted where no fraction is lost; outputs to any dtype.
 */
int32_t tl_request_bind_tensor(uint32_t request, int32_t direction, const uint8_t *name, uint32_t name_byte_length, uint32_t buffer,
                               uint64_t byte_offset, int32_t dtype, uint32_t rank, const int64_t *shape, const int64_t *strides,
                               uint32_t *out_zero_copy);
/* Binds pixels to an image feature. The size has to be one that the feature takes. bytes_per_row >= width * bytes per pixel. */
int32_t tl_request_bind_image(uint32_t request, int32_t direction, const uint8_t *name, uint32_t name_byte_length, uint32_t buffer,
                              uint64_t byte_offset, int32_t pixels, uint32_t width, uint32_t height, uint32_t bytes_per_row,
                              uint32_t *out_zero_copy);
/* Binds an int64, double, string, dictionary ([[key, number], ..]) or sequence ([..]) input; value: in, JSON. */
int32_t tl_request_bind_value(uint32_t request, const uint8_t *name, uint32_t name_byte_length, const uint8_t *value, uint32_t value_byte_length);
/* Removes one binding (optional inputs, outputs that the model shall allocate again). */
int32_t tl_request_unbind(uint32_t request, int32_t direction, const uint8_t *name, uint32_t name_byte_length);
/* Runs on the calling thread. */
int32_t tl_request_run(uint32_t request);
/* Runs on a native thread; the completion callback receives the token and the status. */
int32_t tl_request_run_async(uint32_t request, uint32_t token);
/*
 * JSON array of the last run's outputs, in the model's order: {name, type, dtype?, shape?, strides?, pixels?, width?, height?, bytesPerRow?,
 * value?, bound: boolean, zeroCopy: boolean}. value: number, string, [[key, number], ..] or [..]; int64 beyond 2^53 as a string of digits,
 * doubles that are not finite as "NaN", "Infinity", "-Infinity". pixels: a tl_pixels.
 */
int32_t tl_request_outputs(uint32_t request, uint32_t *out_text);
/* The memory of a tensor or image output of the last run as a buffer of its own (handle to be released; never reused by later runs). */
int32_t tl_request_output_buffer(uint32_t request, const uint8_t *name, uint32_t name_byte_length, uint32_t *out_buffer, uint64_t *out_address,
                                 uint64_t *out_byte_length);
int32_t tl_request_release(uint32_t request);

/* ---- Metal ------------------------------------------------------------------------------------------------------- */

/*
 * JSON {name, portable, unifiedMemory, maxBufferLength, recommendedMaxWorkingSetSize, maxThreadgroupMemoryLength,
 * maxThreadsPerThreadgroup: [x, y, z]} of the device that tl_buffer_create uses. TL_E_UNSUPPORTED without a device.
 */
int32_t tl_metal_describe(uint32_t *out_text);
/*
 * Compiles Metal Shading Language (UTF-8, in). options: in, JSON {fastMath?: boolean, macros?: {name: text}}; zero length = defaults.
 * TL_E_FORMAT: the source does not compile, the text has `program_source:LINE:COLUMN: error: ...` lines; TL_E_UNSUPPORTED: a feature
 * that the portable device lacks; TL_E_RUNTIME: no compiler (portable device: clang).
 */
int32_t tl_metal_library_create(const uint8_t *source, uint32_t source_byte_length, const uint8_t *options, uint32_t options_byte_length,
                                uint32_t *out_library);
/* JSON {functions: [name, ..]}. */
int32_t tl_metal_library_describe(uint32_t library, uint32_t *out_text);
int32_t tl_metal_library_release(uint32_t library);
int32_t tl_metal_pipeline_create(uint32_t library, const uint8_t *name, uint32_t name_byte_length, uint32_t *out_pipeline);
/* JSON {maxTotalThreadsPerThreadgroup, threadExecutionWidth}. */
int32_t tl_metal_pipeline_describe(uint32_t pipeline, uint32_t *out_text);
int32_t tl_metal_pipeline_release(uint32_t pipeline);

int32_t tl_metal_queue_create(uint32_t *out_queue);
int32_t tl_metal_queue_release(uint32_t queue);
/* An event that queues signal and wait for; it starts at 0. */
int32_t tl_metal_event_create(uint32_t *out_event);
int32_t tl_metal_event_value(uint32_t event, uint64_t *out_value);
int32_t tl_metal_event_signal(uint32_t event, uint64_t value);
int32_t tl_metal_event_release(uint32_t event);

/* A command buffer of a queue: filled by the calls below, committed once. */
int32_t tl_metal_commands_create(uint32_t queue, uint32_t *out_commands);
/*
 * Adds one dispatch of pipeline; everything is checked before anything is encoded. sizes: in, threads of the grid x, y, z, then of a
 * threadgroup x, y, z. bindings: in, five numbers each:
 *   0, index, buffer, byte offset, 0      the memory of a buffer from the offset on; used in place, kept until the commands have run
 *   1, index, offset, 0, byte length      1 to 4096 bytes from offset in `bytes` (in)
 *   2, index, 0, 0, byte length           threadgroup memory, a multiple of 16
 * TL_E_ARGUMENT: sizes, indices (0 to 30), offsets, lengths, memory that is not made of whole pages; on the portable device also an
 * argument of the kernel to which nothing is bound.
 */
int32_t tl_metal_commands_dispatch(uint32_t commands, uint32_t pipeline, const uint32_t *sizes, const uint64_t *bindings, uint32_t binding_count,
                                   const uint8_t *bytes, uint32_t byte_length);
/* What was added before, then event = value; what is added later runs when event >= value. */
int32_t tl_metal_commands_signal(uint32_t commands, uint32_t event, uint64_t value);
int32_t tl_metal_commands_wait(uint32_t commands, uint32_t event, uint64_t value);
/* Runs the commands after those committed earlier to the same queue; the completion callback receives the token and the status. */
int32_t tl_metal_commands_commit(uint32_t commands, uint32_t token);
/* Start and end on the GPU in seconds of the machine's clock (out, two numbers); zeros before the end. */
int32_t tl_metal_commands_times(uint32_t commands, double *out_seconds);
int32_t tl_metal_commands_release(uint32_t commands);

/*
 * Core ML's estimate of where operations run. JSON array in the model's order: {operation, type, device: "cpu"|"gpu"|"neuralEngine"|null (not known),
 * supported: [device, ..], cost: share of the model's work, 0 to 1, or null}. type: as Core ML names it (ios16.conv; layer kinds of neural networks).
 */
int32_t tl_model_compute_plan(uint32_t model, uint32_t *out_text);

/* ---- diagnostics: on the portable engine, on every system; Core ML has no such thing ------------------------------ */

/*
 * JSON array of the function's operations in the file's order, those in blocks after their owner:
 * {type, name, block: number of the block it is in, 0 = the function's, inputs: [[parameter, [operand, ..]], ..], outputs: [{name, dtype, shape}], blocks: [number, ..]}
 * operand: {name} of a value, or {value: number | string | boolean | [..], dtype, shape}; constants of more than 32 elements have no value. Operations
 * of the type const are not listed, what they hold stands at the operands. dtype: as MIL names them (fp16, int32, ..); unknown sizes are null.
 */
int32_t tl_model_graph(uint32_t model, uint32_t *out_text);
/*
 * Runs the request's inputs 1 + repeats times step by step. JSON {runs, medianNs, minNs, operations: [{operation, outputs: [name], type,
 * fused: [{type, operation}], kernel, shape, dtype, calls, medianNs, minNs, flops, bytes}]}: steps in the order of the first run; fused: operations that
 * have no step of their own; calls: times in one run (loops); times are per run. TL_E_UNSUPPORTED for models that are no program.
 */
int32_t tl_request_profile(uint32_t request, uint32_t repeats, uint32_t *out_text);
/*
 * Runs the request's inputs in f16 and in f32 side by side, every operation rounded on its own. JSON {narrowed, divergedAt?, operations:
 * [{operation, outputs: [name], type, shape, dtype, min, max, absMax, absMinNonZero, count, infinite, nan, flushed, notFinite, drift}]}: min to
 * absMinNonZero are of the finite values in f32 (null where there are none); infinite, nan: elements that became so in f16 and not in f32; flushed:
 * elements that are 0 in f16 because they are too small for it; drift: largest difference over absMax. narrowed: the model computes in f32 and
 * was run as if converted to f16. divergedAt: the operation from which on both took different ways.
 */
int32_t tl_request_compare(uint32_t request, uint32_t *out_text);

/* ---- engine kernels ---------------------------------------------------------------------------------------------- */

/*
 * Runs one f16 operation by the CPU's kernels. call: in, JSON {operation, tensors: [{dtype, shape}], parameters}: the inputs, then the
 * outputs; places: in, per tensor its buffer handle and byte offset. Tensors are dense. TL_E_ARGUMENT: shapes, dtypes or parameters that
 * do not fit; TL_E_NOT_FOUND: no such operation. Operations and parameters: src/metal/operations.ts.
 */
int32_t tl_kernel_run(const uint8_t *call, uint32_t call_byte_length, const uint64_t *places, uint32_t tensor_count);

/* ---- asynchronous completion -------------------------------------------------------------------------------------- */

/* One callback for the process: (token, status), called from native threads; callback: lent until replaced or set to NULL. */
int32_t tl_async_set_callback(void (*callback)(uint32_t token, int32_t status));
/* Takes the result of a finished asynchronous call: out_handle is the model of a load, 0 for a run. An error's text is tl_last_error of this call. */
int32_t tl_async_result(uint32_t token, uint32_t *out_handle);

/* ---- tensors: loops that are slow in JavaScript ----------------------------------------------------------------- */

/*
 * Converts element_count elements: to floats rounded to nearest even; floats to integers toward zero, saturating, NaN 0; integers to
 * narrower ones wrap; bool = non-zero. Pointers: in, out; no overlap.
 */
int32_t tl_tensor_convert(const void *source, int32_t source_dtype, void *target, int32_t target_dtype, uint64_t element_count);
/* Copies between strided layouts of one dtype (in elements); used for padded outputs. */
int32_t tl_tensor_copy(const void *source, const int64_t *source_strides, void *target, const int64_t *target_strides, int32_t dtype, uint32_t rank,
                       const int64_t *shape);
/* Index of the largest element (first of equals; NaN counts as largest, as in numpy). */
int32_t tl_tensor_argmax(const void *source, int32_t dtype, uint64_t element_count, uint64_t *out_index);
/* The k largest, descending, equal ones by index, NaN last: indices and values as f32. */
int32_t tl_tensor_top_k(const void *source, int32_t dtype, uint64_t element_count, uint32_t k, uint32_t *out_indices, float *out_values);
/* Softmax over the last axis: rows x columns, f16 or f32 in and out of the same dtype. */
int32_t tl_tensor_softmax(const void *source, void *target, int32_t dtype, uint64_t rows, uint64_t columns);
/*
 * target = a operation b, element by element: float16 or float32, computed in f32 and rounded once. rank at most 8, shape: that of the
 * target, which is dense; strides in elements, 0 along an axis that an operand is repeated on. TL_NEGATE reads a alone (b and b_strides: NULL).
 */
int32_t tl_tensor_elementwise(int32_t operation, int32_t dtype, const void *a, const int64_t *a_strides, const void *b, const int64_t *b_strides,
                              void *target, uint32_t rank, const int64_t *shape);
/*
 * Matrix products target[i] = a[i] b[i] for i < batch: dense matrices of m x k and k x n elements, float16 or float32, sums in f32.
 * a_offsets, b_offsets: in, where matrix i begins, in elements; the targets lie one behind the other.
 */
int32_t tl_tensor_matmul(int32_t dtype, const void *a, const int64_t *a_offsets, const void *b, const int64_t *b_offsets, void *target, uint32_t batch,
                         uint64_t m, uint64_t n, uint64_t k);
/* Pixel layouts: see tl_pixels. Gray from colour by BT.601 luma, alpha 255. */
int32_t tl_image_convert(const void *source, int32_t source_pixels, uint32_t source_bytes_per_row, void *target, int32_t target_pixels,
                         uint32_t target_bytes_per_row, uint32_t width, uint32_t height);

#ifdef __cplusplus
}
#endif
#endif
