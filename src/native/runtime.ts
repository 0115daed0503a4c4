import { native } from "./library.ts";
import { takeJson } from "./text.ts";

export interface RuntimeDescription {
  platform: string;
  /** True for the package's own engine, false for Apple's Core ML. */
  portable: boolean;
  /** The instruction set in use. */
  isa: string;
  /** Why it is not the one that `TENSORLOGIC_ISA` asks for, or that an instruction set computes wrongly on this machine; null: nothing to say. */
  isaProblem: string | null;
  threads: number;
  version: string;
  devices: { kind: string; name: string }[];
}

export interface RuntimeCounters {
  handles: number;
  copiedBytes: number;
  copies: number;
  runs: number;
  asyncInFlight: number;
  loadedModels: number;
}

/** What executes models on this machine. */
export function describeRuntime(): RuntimeDescription {
  return takeJson((out) => native().tl_runtime_describe(out));
}

/** What the library holds and has done so far in this process. */
export function readCounters(): RuntimeCounters {
  return takeJson((out) => native().tl_runtime_counters(out));
}

export interface MachinePeak {
  /** 10⁹ floating-point operations per second, f32, on all threads. */
  gflops: number;
  /** 10⁹ bytes read from memory per second. */
  gigabytesPerSecond: number;
}

/** The most that the portable engine could reach on this machine; measures for about 0.2 s. */
export function measurePeak(): MachinePeak {
  return takeJson((out) => native().tl_runtime_peak(out));
}
