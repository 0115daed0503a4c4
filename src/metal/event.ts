import { NativeEvent } from "../native/metal.ts";

/** A counter that queues and JavaScript wait for: `queue.signal(event, n)` sets it, `queue.wait(event, n)` goes on when it is at least n. */
export class MetalEvent {
  /** @internal */
  readonly native = new NativeEvent();

  get value(): number {
    return this.native.value;
  }

  /** Sets the value now. */
  signal(value: number): void {
    this.native.signal(value);
  }

  dispose(): void {
    this.native.handle.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
