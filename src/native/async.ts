import { JSCallback, type Pointer } from "bun:ffi";
import { errorFor } from "./status.ts";
import { check, lastError, native } from "./library.ts";

interface Pending {
  resolve(handle: number): void;
  reject(error: unknown): void;
}

const pending = new Map<number, Pending>();
const outHandle = new Uint32Array(1);
let nextToken = 1;
let callback: JSCallback | undefined;
/** One timer, referenced while a call is under way: 0.1 µs a call, a new timer each time 0.4 µs (Bun 1.4.5, 2026-11-25). */
let keepAlive: ReturnType<typeof setInterval> | undefined;

/**
 * Starts an asynchronous native call with a fresh token and resolves with its handle (0 for runs). The call may complete on any thread;
 * while one is under way a timer keeps the process alive, because a thread-safe callback alone does not.
 */
export function startAsync(start: (token: number) => number): Promise<number> {
  register();
  const token = takeToken();
  check(start(token));
  if (pending.size === 0) keepAlive!.ref();
  stayAwake();
  return new Promise((resolve, reject) => pending.set(token, { resolve, reject }));
}

/**
 * How long the event loop looks for a completion before it sleeps: a small model is done by then, and waking a sleeping loop takes 20 of
 * 28 µs there and back, 8 µs in all without (Bun 1.4.5, AMD EPYC, 2026-11-25). On one CPU the call would wait for the loop.
 */
const awakeNs = navigator.hardwareConcurrency > 1 ? 40_000 : 0;
let awakeUntil = 0;
let isAwake = false;

/** Other events are served meanwhile. */
function stayAwake(): void {
  awakeUntil = Bun.nanoseconds() + awakeNs;
  if (isAwake) return;
  isAwake = true;
  setImmediate(lookAgain);
}

function lookAgain(): void {
  isAwake = pending.size > 0 && Bun.nanoseconds() < awakeUntil;
  if (isAwake) setImmediate(lookAgain);
}

/** Number of calls whose completion has not been delivered yet. */
export function inFlightCount(): number {
  return pending.size;
}

function takeToken(): number {
  do nextToken = nextToken === 0xffff_ffff ? 1 : nextToken + 1;
  while (pending.has(nextToken));
  return nextToken;
}

function register(): void {
  if (callback) return;
  keepAlive = setInterval(() => {}, 2 ** 30).unref();
  callback = new JSCallback(complete, { args: ["u32", "i32"], returns: "void", threadsafe: true });
  check(native().tl_async_set_callback(callback.ptr as Pointer));
  // Native threads outlive the JavaScript engine for a moment: a completion must not reach it any more.
  process.on("exit", () => native().tl_async_set_callback(null));
}

function complete(token: number, status: number): void {
  const call = pending.get(token);
  if (!call) return;
  pending.delete(token);
  if (pending.size === 0) keepAlive!.unref();
  const taken = native().tl_async_result(token, outHandle);
  if (status !== 0) call.reject(errorFor(status, lastError()));
  else if (taken !== 0) call.reject(errorFor(taken, lastError()));
  else call.resolve(outHandle[0]!);
}
