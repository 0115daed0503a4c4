import type { RawComparison, RawProfile } from "./native/diagnostics.ts";

/** One step of a profiled model: an operation with what was fused into it. */
export interface ProfiledOperation {
  /** The operation's name: that of its first output in the file. */
  readonly operation: string;
  /** What the step gives: the outputs of the last operation that is fused into it. */
  readonly outputs: readonly string[];
  /** MIL operation type, as `conv`. */
  readonly type: string;
  /** Operations that have no step of their own because this one computes them too. */
  readonly fused: readonly { readonly type: string; readonly operation: string }[];
  /** How it is computed: `depthwise 3×3 stride 2×2`, `elementwise ×4`; `layout` for a copy that the file does not have; may be empty. */
  readonly kernel: string;
  readonly shape: readonly number[];
  readonly dtype: string | null;
  /** Times that it runs in one run of the model: more than once in a loop. */
  readonly calls: number;
  /** Milliseconds per run of the model, over all its calls. */
  readonly medianMs: number;
  readonly minMs: number;
  /** Share of the sum of all steps, by the median. */
  readonly share: number;
  /** Floating-point operations per run; 0 where only memory is moved. */
  readonly flops: number;
  /** Bytes read and written per run. */
  readonly bytes: number;
}

/** Where the time of a model goes, on the portable engine. */
export interface Profile {
  readonly device: "cpu (portable)";
  readonly runs: number;
  /** Milliseconds of a whole run. */
  readonly medianMs: number;
  readonly minMs: number;
  /** In the order in which they run. */
  readonly operations: readonly ProfiledOperation[];
}

/** One operation's result in f16 beside the same in f32. */
export interface ComparedOperation {
  readonly operation: string;
  readonly outputs: readonly string[];
  readonly type: string;
  readonly shape: readonly number[];
  /** What the f16 side computed it in; `fp32` for operations that the model keeps in f32. */
  readonly dtype: string;
  /** Of the finite values in f32; null where there are none. */
  readonly min: number | null;
  readonly max: number | null;
  readonly absMax: number | null;
  readonly absMinNonZero: number | null;
  readonly count: number;
  /** Elements that f16 made infinite or NaN, and f32 did not. */
  readonly infinite: number;
  readonly nan: number;
  /** Elements that are zero in f16 because they are too small for it (below 2⁻²⁴). */
  readonly flushed: number;
  /** Elements that are infinite or NaN in f32 too. */
  readonly notFinite: number;
  /** Largest difference, relative to `absMax`. */
  readonly drift: number | null;
}

/** A model in f16 beside itself in f32, operation by operation, on the portable engine. */
export interface Comparison {
  readonly device: "cpu (portable)";
  /** The model computes in f32: it was run as if converted with `compute_precision=ct.precision.FLOAT16`. */
  readonly narrowed: boolean;
  /** The operation from which on the two took different ways (a loop that ended earlier); nothing behind it was compared. */
  readonly divergedAt: string | null;
  /** In the order in which they run. */
  readonly operations: readonly ComparedOperation[];
}

const toMs = (ns: number) => ns / 1e6;

export function toProfile(raw: RawProfile): Profile {
  const total = raw.operations.reduce((sum, { medianNs }) => sum + medianNs, 0);
  return {
    device: "cpu (portable)",
    runs: raw.runs,
    medianMs: toMs(raw.medianNs),
    minMs: toMs(raw.minNs),
    operations: raw.operations.map(({ medianNs, minNs, ...operation }) => ({
      ...operation,
      medianMs: toMs(medianNs),
      minMs: toMs(minNs),
      share: total > 0 ? medianNs / total : 0,
    })),
  };
}

export function toComparison(raw: RawComparison): Comparison {
  return { device: "cpu (portable)", ...raw };
}
