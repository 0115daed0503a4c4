import { formatFeature } from "../features.ts";
import { loadModel, Weights, type Feature, type Model } from "../index.ts";
import { weightsToJson, weightsToText } from "./describe-weights.ts";
import { type DefaultModel, shortPath } from "./paths.ts";
import { bar, bold, columns, green } from "./style.ts";
import { parseCommandLine, UsageError } from "./usage.ts";

export async function run(args: string[], ready: () => Promise<unknown>, defaultModel?: DefaultModel): Promise<void> {
  const { values, positionals } = parseCommandLine({
    args,
    allowPositionals: true,
    options: { function: { type: "string" }, json: { type: "boolean", default: false } },
  });
  if (positionals.length > 1 || (defaultModel?.isOnly && positionals.length > 0))
    throw new UsageError(`${positionals.at(-1)}: describe takes one model`);
  const path = positionals[0] ?? defaultModel?.path;
  if (path === undefined) throw new UsageError("describe wants a MODEL");
  const name = path === defaultModel?.path ? defaultModel.name : shortPath(path);
  await ready();
  using model: Model | Weights = await loadModel(path, values.function ? { functionName: values.function } : {});
  const isWeights = model instanceof Weights;
  const text = values.json
    ? `${JSON.stringify(isWeights ? weightsToJson(model, name) : toJson(model, name), null, 2)}\n`
    : isWeights
      ? weightsToText(model, name)
      : toText(model, name);
  await Bun.write(Bun.stdout, text);
}

function toJson(model: Model, name: string): unknown {
  const { metadata, device, inputs, outputs, states, functionName, functions, classLabels, operations } = model;
  const { predictedFeatureName, predictedProbabilitiesName } = model;
  return {
    model: name,
    metadata,
    device,
    functionName,
    functions,
    inputs,
    outputs,
    states,
    predictedFeatureName,
    predictedProbabilitiesName,
    classLabelCount: classLabels?.length,
    operations,
  };
}

function toText(model: Model, name: string): string {
  const { metadata } = model;
  const about: [string, string][] = [
    ["model", name],
    ["format", `${metadata.format} (${metadata.kind}, specification ${metadata.specificationVersion})`],
    ["quantization", metadata.quantization],
    ["device", model.device],
    ["description", metadata.description],
    ["author", metadata.author],
    ["license", metadata.license],
    ["version", metadata.version],
    [
      "functions",
      model.functions.length > 1
        ? model.functions.map((name) => (name === model.functionName ? `${name} (this one)` : name)).join(", ")
        : "",
    ],
    [
      "classes",
      model.classLabels
        ? `${model.classLabels.length}: ${model.classLabels.slice(0, 4).join(" | ")}${model.classLabels.length > 4 ? " | …" : ""}`
        : "",
    ],
  ];
  const userDefined = Object.entries(metadata.userDefined);
  const sections = [
    columns(about.filter(([, value]) => value !== "")),
    userDefined.length > 0 ? `${bold("metadata")}\n${columns(userDefined, "  ")}` : "",
    formatFeatures("inputs", model.inputs),
    formatFeatures("outputs", model.outputs),
    formatFeatures("states", model.states),
    formatOperations(model.operations),
  ];
  return sections.filter(Boolean).join("\n");
}

function formatFeatures(title: string, features: readonly Feature[]): string {
  if (features.length === 0) return "";
  const rows = features.map((feature) => {
    const text = `${formatFeature(feature).replace(/^an? /, "")}${feature.optional ? " (optional)" : ""}`;
    return [feature.name, text, ...(feature.description ? [feature.description] : [])];
  });
  return `${bold(title)}\n${columns(rows, "  ")}`;
}

/** Most frequent first. Constants are data, not work: they are counted apart. */
function formatOperations(operations: Readonly<Record<string, number>>): string {
  const isConstant = (name: string) => /(^|\.)const$/.test(name);
  const counted = Object.entries(operations)
    .filter(([name]) => !isConstant(name))
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
  if (counted.length === 0) return "";
  const total = counted.reduce((sum, [, count]) => sum + count, 0);
  const constants = Object.entries(operations).reduce((sum, [name, count]) => sum + (isConstant(name) ? count : 0), 0);
  const most = counted[0]![1];
  const rows = counted.map(([name, count]) => [
    name,
    String(count).padStart(String(most).length),
    green(bar(count / most, 24)),
  ]);
  return `${bold("operations")}  ${total} of ${counted.length} kinds${constants > 0 ? `, ${constants} constants` : ""}\n${columns(rows, "  ")}`;
}
