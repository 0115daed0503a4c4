import { ptr, toArrayBuffer, type Pointer } from "bun:ffi";
import { check, native } from "./library.ts";
import { checkView, toByteCount } from "./arguments.ts";

const outHandle = new Uint32Array(1);
const outAddress = new BigUint64Array(1);

/** `toArrayBuffer` with a deallocator and its context: documented (Bun 1.4, FFI, "Memory management"), absent from the type declarations. */
const toManagedArrayBuffer = toArrayBuffer as (
  address: Pointer,
  byteOffset: number,
  byteLength: number,
  context: number,
  deallocator: number,
) => ArrayBuffer;

/** Address of tl_buffer_collect; functions of a library carry theirs as `ptr`. */
function collectAddress(): number {
  return (native().tl_buffer_collect as unknown as { ptr: number }).ptr;
}

/**
 * Memory that both sides see: allocated by the library (page-aligned), or a view of JavaScript memory. `bytes` is made once; native memory
 * is freed when `bytes` and all views of it are collected, or by `release`, which detaches them (they then have length 0).
 */
export class SharedBuffer {
  /** The handle for native calls; 0 for JavaScript memory, which is wrapped per binding. */
  readonly handle: number;
  readonly address: number;
  readonly byteLength: number;
  readonly bytes: ArrayBuffer;
  /** Where JavaScript memory starts inside `bytes`; 0 for native memory. */
  readonly byteOffset: number;
  #isReleased = false;

  private constructor(handle: number, address: number, byteLength: number, bytes: ArrayBuffer, byteOffset: number) {
    this.handle = handle;
    this.address = address;
    this.byteLength = byteLength;
    this.bytes = bytes;
    this.byteOffset = byteOffset;
  }

  /** Zeroed, page-aligned native memory. */
  static allocate(byteLength: number): SharedBuffer {
    // A buffer of zero bytes has no address; one byte more keeps empty tensors ordinary.
    const size = Math.max(toByteCount(byteLength, "byteLength"), 1);
    check(native().tl_buffer_create(size, outHandle, outAddress));
    return SharedBuffer.adopt(outHandle[0]!, Number(outAddress[0]), size);
  }

  /** Takes over a buffer handle whose memory the library lends. */
  static adopt(handle: number, address: number, byteLength: number): SharedBuffer {
    // A FinalizationRegistry never fires inside a synchronous loop of predictions, the engine's own deallocator does (measured on Bun 1.4.5:
    // 5,000 buffers of 2 MB in one loop, resident memory stays below 35 MB). It receives the handle as its context.
    const bytes = toManagedArrayBuffer(address as Pointer, 0, byteLength, handle, collectAddress());
    return new SharedBuffer(handle, address, byteLength, bytes, 0);
  }

  /** JavaScript memory used in place. */
  static view(view: ArrayBufferView): SharedBuffer {
    checkView(view, "data");
    // Reading `.buffer` (checkView does) first: small arrays move when it is read for the first time.
    const address = view.byteLength === 0 ? 0 : (ptr(view as Uint8Array) as number);
    return new SharedBuffer(0, address, view.byteLength, view.buffer as ArrayBuffer, view.byteOffset);
  }

  get isReleased(): boolean {
    return this.#isReleased || this.bytes.detached;
  }

  /** Calls `use` with a handle for this memory; a binding made inside keeps native memory alive, and the caller keeps JavaScript memory. */
  withHandle<T>(use: (handle: number) => T): T {
    if (this.handle !== 0) return use(this.handle);
    const lib = native();
    check(lib.tl_buffer_wrap(this.address as Pointer, this.byteLength, outHandle));
    const handle = outHandle[0]!;
    try {
      return use(handle);
    } finally {
      lib.tl_buffer_release(handle);
    }
  }

  /** Gives native memory back now and detaches every view of it. JavaScript memory is only let go. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.handle === 0 || this.bytes.detached) return;
    // A transfer to another length detaches every view, so that a later `data[0]` is harmless, and runs the deallocator at once.
    this.bytes.transfer(0);
  }
}
