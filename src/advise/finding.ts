/** How much a finding matters, least first. */
export const severities = ["note", "warning", "critical"] as const;

/**
 * `critical`: the whole model stays off the Neural Engine, or its results are wrong in f16; `warning`: a part of it does, or is slow there;
 * `note`: worth knowing.
 */
export type Severity = (typeof severities)[number];

/** One thing that keeps a model from running well on the Neural Engine. */
export interface Finding {
  /** The rule that found it, as `f32-precision`. */
  readonly rule: string;
  readonly severity: Severity;
  /** What it is, in one sentence. */
  readonly title: string;
  /** Names of the operations or features that it is about; empty: the model as a whole. */
  readonly where: readonly string[];
  readonly why: string;
  /** Python: the coremltools or PyTorch line that changes it. */
  readonly fix: string;
  /** Where the limit is known from. Findings without a source come from the numbers of the model itself. */
  readonly source?: Source;
}

export interface Source {
  readonly title: string;
  readonly url: string;
}

export function isAtLeast(severity: Severity, limit: Severity): boolean {
  return severities.indexOf(severity) >= severities.indexOf(limit);
}
