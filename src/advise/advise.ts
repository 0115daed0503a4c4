import type { Comparison } from "../diagnostics.ts";
import type { PlannedOperation, RawGraphOperation } from "../native/diagnostics.ts";
import type { Feature } from "../schema.ts";
import { adviseFeatures } from "./features.ts";
import { type Finding, severities } from "./finding.ts";
import { adviseFormat } from "./format.ts";
import { adviseGathers } from "./gathers.ts";
import { Graph, type Subject } from "./graph.ts";
import { adviseLayout } from "./layout.ts";
import { adviseOperations } from "./operations.ts";
import { advisePlan } from "./plan.ts";
import { advisePrecision } from "./precision.ts";
import { adviseRange } from "./range.ts";
import { adviseShapes } from "./shapes.ts";
import { adviseWindows } from "./windows.ts";

const rules = [
  adviseFormat,
  advisePrecision,
  adviseShapes,
  adviseOperations,
  adviseGathers,
  adviseWindows,
  adviseLayout,
  adviseFeatures,
] as const satisfies readonly ((subject: Subject) => Finding[])[];

export interface Evidence {
  readonly kind: string;
  readonly specificationVersion: number;
  readonly inputs: readonly Feature[];
  readonly outputs: readonly Feature[];
  readonly operations: readonly RawGraphOperation[];
  /** Where Core ML plans to run them; absent where nothing but a CPU is. */
  readonly plan?: readonly PlannedOperation[];
  readonly comparison?: Comparison;
}

/** All findings, the most severe first. */
export function advise({ operations, plan, comparison, ...about }: Evidence): Finding[] {
  const graph = new Graph(operations);
  const subject: Subject = { ...about, graph };
  const findings = rules.flatMap((rule) => rule(subject));
  if (plan) findings.push(...advisePlan(plan));
  if (comparison) findings.push(...adviseRange(comparison, graph));
  return findings.toSorted((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity));
}
