import type { PlannedOperation } from "../native/diagnostics.ts";
import type { Finding } from "./finding.ts";
import { counted, tally } from "./graph.ts";

/** What Core ML itself expects to run outside of the Neural Engine. */
export function advisePlan(plan: readonly PlannedOperation[]): Finding[] {
  const placed = plan.filter(({ device }) => device !== null);
  const outside = placed.filter(({ device }) => device !== "neuralEngine");
  if (placed.length === 0 || outside.length === 0) return [];
  const cost = outside.reduce((sum, operation) => sum + (operation.cost ?? 0), 0);
  const isAll = outside.length === placed.length;
  const share = cost > 0 ? `, ${(cost * 100).toFixed(0)} % of the work` : "";
  return [
    {
      rule: "compute-plan",
      severity: isAll ? "critical" : cost > 0.05 ? "warning" : "note",
      title: `Core ML plans ${outside.length} of ${counted(placed.length, "operation")} outside of the Neural Engine${share}: ${tally(outside)}.`,
      where: outside.map(({ operation, device }) => `${operation} (${device})`),
      why: "This is Core ML's own estimate for this Mac and these compute units.",
      fix: "# see the other findings for what keeps them off",
    },
  ];
}
