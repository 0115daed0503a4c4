import type { ComparedOperation, Comparison } from "../diagnostics.ts";
import type { Finding } from "./finding.ts";
import { counted, type Graph, type Operation, sourceName } from "./graph.ts";

/** Largest finite f16, and the smallest that has all its digits. */
const largest = 65504;
const smallestNormal = 2 ** -14;
/** Relative error of a result that people notice; f16 itself rounds to 5e-4. */
const visibleDrift = 0.01;
/** An operation that multiplies the error of its operands by this much is where it comes from. */
const amplification = 4;

/** What a run in f16 beside one in f32 showed: the first operation that overflows, underflows or drifts. */
export function adviseRange(comparison: Comparison, graph: Graph): Finding[] {
  const byName = new Map(comparison.operations.map((operation) => [operation.operation, operation]));
  const finals = finalResults(graph, byName);
  const findings = [...adviseOverflow(comparison, finals), ...adviseUnderflow(comparison, finals)];
  // What is wrong at the end has its reason already.
  if (!findings.some(({ severity }) => severity === "critical"))
    findings.push(...adviseDrift(comparison, graph, byName, finals));
  if (comparison.divergedAt !== null) {
    findings.push({
      rule: "diverged",
      severity: "warning",
      title: `In f16 the model takes another way than in f32 from ${comparison.divergedAt} on.`,
      where: [comparison.divergedAt],
      why: "A loop or a branch was decided by a number that f16 rounds differently; what comes after it was not compared.",
      fix: keepInF32(comparison.divergedAt),
    });
  }
  return findings;
}

/** Results that leave the model; those of neural networks end in identities, so views count. */
function finalResults(graph: Graph, byName: ReadonlyMap<string, ComparedOperation>): ComparedOperation[] {
  const finals = graph.finals();
  const direct = finals.flatMap(({ name }) => byName.get(name) ?? []);
  // `classify` reads what it labels.
  const behind = finals.flatMap(({ operands }) => operands.flatMap(({ name }) => byName.get(name ?? "") ?? []));
  return direct.length > 0 ? direct : behind;
}

const isBroken = ({ infinite, nan }: ComparedOperation) => infinite > 0 || nan > 0;

function reaches(finals: readonly ComparedOperation[]): boolean {
  return finals.some((operation) => isBroken(operation) || (operation.drift ?? 0) > visibleDrift);
}

function adviseOverflow({ operations }: Comparison, finals: readonly ComparedOperation[]): Finding[] {
  const first = operations.find(isBroken);
  if (!first) return [];
  const isHarmful = reaches(finals);
  const broken = operations.filter(isBroken);
  const others =
    broken.length > 1
      ? ` ${counted(broken.length - 1, "operation")} behind it ${broken.length === 2 ? "carries" : "carry"} it on.`
      : "";
  const isOverflow = first.infinite > 0;
  const effect = isHarmful ? describeEffect(finals) : " The results are not changed by it (masks are made so).";
  return [
    {
      rule: isOverflow ? "overflow" : "not-a-number",
      severity: isHarmful ? "critical" : "note",
      title: isOverflow
        ? `${first.operation} (${first.type}) overflows f16: ${first.infinite} of ${counted(first.count, "element")} become infinite.`
        : `${first.operation} (${first.type}) gives NaN in f16: ${first.nan} of ${counted(first.count, "element")}.`,
      where: broken.map(({ operation }) => operation),
      why: `In f32 its values are ${formatRange(first)}; f16 ends at ${largest}.${others}${effect}`,
      fix: `${isOverflow ? "# divide before squaring or summing: x / x.abs().amax(-1, keepdim=True); or keep it in f32:\n" : ""}${keepInF32(first.operation)}`,
    },
  ];
}

function adviseUnderflow({ operations }: Comparison, finals: readonly ComparedOperation[]): Finding[] {
  const isLost = ({ flushed, count, absMax }: ComparedOperation) =>
    flushed > 0 && (flushed >= count / 2 || (absMax ?? 0) < smallestNormal);
  const first = operations.find(isLost);
  if (!first) return [];
  const isHarmful = reaches(finals);
  return [
    {
      rule: "underflow",
      severity: isHarmful ? "critical" : "note",
      title: `${first.operation} (${first.type}) underflows f16: ${first.flushed} of ${counted(first.count, "element")} become zero.`,
      where: operations.filter(isLost).map(({ operation }) => operation),
      why: `In f32 its magnitudes are ${formatMagnitude(first.absMinNonZero)} to ${formatMagnitude(first.absMax)}; f16 ends at 6e-8.${isHarmful ? describeEffect(finals) : " The results are not changed by it."}`,
      fix: `# scale up before, down after: (x * 1024) ** 2 / 1024 ** 2; or keep it in f32:\n${keepInF32(first.operation)}`,
    },
  ];
}

function adviseDrift(
  { operations }: Comparison,
  graph: Graph,
  byName: ReadonlyMap<string, ComparedOperation>,
  finals: readonly ComparedOperation[],
): Finding[] {
  const worst = finals.toSorted((a, b) => (b.drift ?? 0) - (a.drift ?? 0))[0];
  if (!worst || (worst.drift ?? 0) <= visibleDrift) return [];
  const nodes = new Map(graph.operations.map((operation) => [operation.name, operation]));
  const inherited = (node: Operation | undefined) =>
    Math.max(2 ** -12, ...(node?.operands ?? []).map(({ name }) => byName.get(name ?? "")?.drift ?? 0));
  const first =
    operations.find(
      ({ operation, drift }) =>
        (drift ?? 0) > visibleDrift && (drift ?? 0) >= amplification * inherited(nodes.get(operation)),
    ) ?? operations.find(({ drift }) => (drift ?? 0) > visibleDrift);
  if (!first) return [];
  return [
    {
      rule: "drift",
      severity: (worst.drift ?? 0) > 0.05 ? "warning" : "note",
      title: `${first.operation} (${first.type}) is the first to drift: ${percent(first.drift)} of its largest value.`,
      where: [first.operation, ...finals.map(({ operation }) => operation)],
      why: `In f32 its values are ${formatRange(first)}. Rounding to f16 adds up, and differences of near numbers, logarithms and divisions by small ones enlarge it.${describeEffect(finals)}`,
      fix: keepInF32(first.operation),
    },
  ];
}

function describeEffect(finals: readonly ComparedOperation[]): string {
  const parts = finals.slice(0, 3).map((operation) => {
    if (isBroken(operation))
      return `${operation.operation} has ${operation.infinite + operation.nan} elements that are no numbers`;
    return `${operation.operation} is off by ${percent(operation.drift)}`;
  });
  return parts.length > 0 ? ` At the end ${parts.join(", ")}.` : "";
}

function keepInF32(name: string): string {
  return `ct.convert(model, compute_precision=ct.transform.FP16ComputePrecision(op_selector=lambda op: op.name != "${sourceName(name)}"))`;
}

function percent(drift: number | null): string {
  return `${Number(((drift ?? 0) * 100).toPrecision(2))} %`;
}

function formatRange({ min, max }: ComparedOperation): string {
  return min === null || max === null ? "not finite" : `${formatMagnitude(min)} to ${formatMagnitude(max)}`;
}

function formatMagnitude(value: number | null): string {
  return value === null ? "0" : String(Number(value.toPrecision(4)));
}
