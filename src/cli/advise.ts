import { isAtLeast, severities } from "../advise/finding.ts";
import { type Finding, loadModel, type Model, type Severity } from "../index.ts";
import { randomInputs } from "../random-inputs.ts";
import { type DefaultModel, shortPath } from "./paths.ts";
import { bold, columns, dim, green, red, yellow } from "./style.ts";
import { parseChoice, parseCommandLine, UsageError } from "./usage.ts";
import { assignInputs, readInputs } from "./values.ts";

/** Names that are printed of a finding; --json has all. */
const shownNames = 4;

export async function run(
  args: string[],
  ready: () => Promise<unknown>,
  defaultModel?: DefaultModel,
): Promise<number | void> {
  const { values, positionals } = parseCommandLine({
    args,
    allowPositionals: true,
    options: {
      random: { type: "boolean", default: false },
      function: { type: "string" },
      "fail-on": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const failOn = parseChoice<Severity | "never">(values["fail-on"], "--fail-on", [...severities, "never"], "warning");
  const path = positionals[0] ?? defaultModel?.path;
  if (path === undefined) throw new UsageError("advise wants a MODEL");
  const inputArgs = positionals.slice(1);
  if (values.random && inputArgs.length > 0) throw new UsageError("--random: inputs are given already");
  await ready();
  const loaded = await loadModel(path, values.function ? { functionName: values.function } : {});
  using model = asModel(loaded, path);
  const inputs = values.random
    ? randomInputs(model.inputs)
    : inputArgs.length > 0
      ? await readInputs(assignInputs(model.inputs, inputArgs))
      : undefined;
  const findings = model.advise(inputs ? { inputs } : {});
  await Bun.write(
    Bun.stdout,
    values.json
      ? `${JSON.stringify({ model: path, compared: inputs !== undefined, findings }, null, 2)}\n`
      : toText(model, path, findings, inputs !== undefined),
  );
  return failOn !== "never" && findings.some(({ severity }) => isAtLeast(severity, failOn)) ? 3 : undefined;
}

function asModel(loaded: Awaited<ReturnType<typeof loadModel>>, path: string): Model {
  if ("inputs" in loaded) return loaded as Model;
  throw new UsageError(`${path} is a file of weights; advise is about Core ML models`);
}

function toText(model: Model, path: string, findings: readonly Finding[], isCompared: boolean): string {
  const { metadata } = model;
  const head = columns([
    ["model", shortPath(path)],
    ["format", `${metadata.format} (${metadata.kind}, specification ${metadata.specificationVersion})`],
    ["quantization", metadata.quantization],
  ]);
  const hint =
    isCompared || Object.keys(model.operations).length === 0
      ? ""
      : dim("Ranges were not looked at: with inputs, or --random, the model is also run in f16 beside f32.\n");
  return `${head}\n${findings.map((finding) => `${formatFinding(finding)}\n`).join("")}${summarise(findings)}\n${hint}`;
}

const colours = { critical: red, warning: yellow, note: bold } as const;

function formatFinding({ severity, rule, title, where, why, fix, source }: Finding): string {
  const more = where.length > shownNames ? ` and ${where.length - shownNames} more` : "";
  const rows: [string, string][] = [
    ...(where.length > 0 ? [["where", `${where.slice(0, shownNames).join(", ")}${more}`] as [string, string]] : []),
    ["why", why],
    ...fix.split("\n").map((line, i): [string, string] => [i === 0 ? "fix" : "", line]),
    ...(source ? [["source", `${source.title}: ${source.url}`] as [string, string]] : []),
  ];
  return `${colours[severity](severity)}  ${title} ${dim(`(${rule})`)}\n${columns(rows, "  ")}`;
}

function summarise(findings: readonly Finding[]): string {
  if (findings.length === 0) return green("No findings: nothing is known to keep this model off the Neural Engine.");
  const counts = severities
    .toReversed()
    .map((severity) => [severity, findings.filter((finding) => finding.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity === "critical" || count === 1 ? severity : `${severity}s`}`);
  return `${findings.length} finding${findings.length === 1 ? "" : "s"}: ${counts.join(", ")}`;
}
