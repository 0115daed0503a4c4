import { existsSync } from "node:fs";
import { resolve } from "node:path";
import {
  describeRuntime,
  Image,
  loadModel,
  type ComputeUnits,
  type CropMode,
  type FeatureInputs,
  type FeatureOutputs,
  type Model,
  UnsupportedError,
  Weights,
} from "../index.ts";
import { writeOutputs } from "./output-files.ts";
import { type DefaultModel, shortPath } from "./paths.ts";
import { columns, dim, formatMs } from "./style.ts";
import { formatOutputs, outputToJson, rankClasses } from "./summary.ts";
import { parseChoice, parseCommandLine, parseCount, UsageError } from "./usage.ts";
import { assignInputs, isImagePath, readInputs } from "./values.ts";

interface Timing {
  loadMs: number;
  firstRunMs: number;
  medianMs: number | null;
  minMs: number | null;
  runs: number;
}

/** Without --repeat, slow models are not run ten times. */
const defaultBudgetMs = 1000;

export async function run(args: string[], ready: () => Promise<unknown>, defaultModel?: DefaultModel): Promise<void> {
  const { values, positionals } = parseCommandLine({
    args,
    allowPositionals: true,
    options: {
      top: { type: "string" },
      repeat: { type: "string" },
      crop: { type: "string" },
      "compute-units": { type: "string" },
      function: { type: "string" },
      output: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const top = parseCount(values.top, "--top", 5, 1);
  const repeat = parseCount(values.repeat, "--repeat", 10, 0);
  const units = ["all", "cpuOnly", "cpuAndGPU", "cpuAndNeuralEngine"] as const;
  const computeUnits = parseChoice<ComputeUnits>(values["compute-units"], "--compute-units", units, "all");
  const { modelPath, modelName, inputArgs, defaultCrop } = chooseModel(positionals, defaultModel);
  const crop = parseChoice<CropMode>(values.crop, "--crop", ["center", "imagenet", "fit", "fill"], defaultCrop);

  await ready();
  const start = performance.now();
  using model: Model | Weights = await loadModel(modelPath, {
    ...(values["compute-units"] === undefined ? {} : { computeUnits }),
    ...(values.function === undefined ? {} : { functionName: values.function }),
  });
  if (model instanceof Weights) {
    throw new UnsupportedError(
      `${modelPath}: a file of weights has no program to run; \`bun run describe ${modelPath}\` lists its tensors`,
    );
  }
  const loadMs = performance.now() - start;
  const assigned = assignInputs(model.inputs, inputArgs);
  const inputs = await readInputs(assigned);
  const { outputs, timing } = measure(
    model,
    inputs,
    crop,
    repeat,
    values.repeat === undefined ? defaultBudgetMs : Infinity,
  );
  const report = {
    model,
    modelName,
    inputs,
    inputTexts: new Map([...assigned].map(([{ name }, text]) => [name, text])),
    outputs,
    timing: { loadMs, ...timing },
    crop,
    top,
  };
  await Bun.write(Bun.stdout, values.json ? `${JSON.stringify(toJson(report), null, 2)}\n` : toText(report));
  if (values.output !== undefined) {
    const written = await writeOutputs(outputs, values.output);
    if (!values.json) await Bun.write(Bun.stdout, `wrote ${written.map(shortPath).join(", ")}\n`);
  }
}

interface Choice {
  modelPath: string;
  modelName: string;
  inputArgs: readonly string[];
  defaultCrop: CropMode;
}

/** A picture in the model's place means: the default model. */
function chooseModel(positionals: readonly string[], byDefault: DefaultModel | undefined): Choice {
  const [first, ...rest] = positionals;
  const isPicture = first !== undefined && rest.length === 0 && isImagePath(first) && existsSync(first);
  if (byDefault && (byDefault.isOnly || first === undefined || isPicture)) {
    const inputArgs = first === undefined && byDefault.photo !== undefined ? [byDefault.photo] : positionals;
    if (inputArgs.length === 0) throw new UsageError(`${byDefault.name} wants an INPUT`);
    return { modelPath: byDefault.path, modelName: byDefault.name, inputArgs, defaultCrop: byDefault.crop };
  }
  if (first === undefined) throw new UsageError("infer wants a MODEL");
  const isDefault = byDefault !== undefined && resolve(first) === byDefault.path;
  const defaultCrop = isDefault ? byDefault.crop : "center";
  return { modelPath: first, modelName: shortPath(first), inputArgs: rest, defaultCrop };
}

function measure(
  model: Model,
  inputs: FeatureInputs,
  crop: CropMode,
  repeat: number,
  budgetMs: number,
): { outputs: FeatureOutputs; timing: Omit<Timing, "loadMs"> } {
  const timeRun = () => {
    const start = performance.now();
    const outputs = model.predictSync(inputs, { crop });
    return { outputs, ms: performance.now() - start };
  };
  const first = timeRun();
  const times: number[] = [];
  for (let spent = 0; times.length < repeat && spent < budgetMs; spent += times.at(-1)!) times.push(timeRun().ms);
  times.sort((a, b) => a - b);
  const medianMs = times.length > 0 ? (times[(times.length - 1) >> 1]! + times[times.length >> 1]!) / 2 : null;
  return {
    outputs: first.outputs,
    timing: { firstRunMs: first.ms, medianMs, minMs: times[0] ?? null, runs: times.length },
  };
}

interface Report {
  model: Model;
  modelName: string;
  inputs: FeatureInputs;
  inputTexts: ReadonlyMap<string, string>;
  outputs: FeatureOutputs;
  timing: Timing;
  crop: CropMode;
  top: number;
}

function toText({ model, modelName, inputs, inputTexts, outputs, timing, crop, top }: Report): string {
  const { metadata } = model;
  const head = columns([
    ["model", modelName],
    ["format", `${metadata.format} (${metadata.kind}, specification ${metadata.specificationVersion})`],
    ["quantization", metadata.quantization],
    ["device", formatDevice(model)],
    ...Object.entries(inputs).map(([name, value]) => [
      name,
      describeInput(model, name, value, inputTexts.get(name) ?? "", crop),
    ]),
  ]);
  return `${head}\n${formatOutputs(model, outputs, top)}\n${formatTiming(timing)}\n`;
}

function formatDevice(model: Model): string {
  const { portable, threads, isa, isaProblem } = describeRuntime();
  if (!portable) return model.device;
  return `${model.device}, ${threads} thread${threads === 1 ? "" : "s"}, ${isa}${isaProblem ? ` (${isaProblem})` : ""}`;
}

const cropWords = {
  center: "center crop to",
  imagenet: "imagenet crop to",
  fit: "fitted into",
  fill: "stretched to",
} as const;

function describeInput(model: Model, name: string, value: unknown, text: string, crop: CropMode): string {
  if (!(value instanceof Image)) return text;
  const { width, height } = model.inputs.find((feature) => feature.name === name)!;
  const isExact = width === value.width && height === value.height;
  return `${shortPath(text)} (${value.width}×${value.height}${isExact ? "" : `, ${cropWords[crop]} ${width}×${height}`})`;
}

function formatTiming({ loadMs, firstRunMs, medianMs, runs }: Timing): string {
  const parts: [label: string, ms: number][] = [
    ["load", loadMs],
    ["first run", firstRunMs],
  ];
  if (medianMs !== null) parts.push([runs === 1 ? "next run" : `median of the next ${runs} runs`, medianMs]);
  return parts.map(([label, ms]) => `${dim(label)} ${formatMs(ms)}`).join(dim(" · "));
}

function toJson({ model, modelName, inputTexts, outputs, timing, crop, top }: Report): unknown {
  const classes =
    model.predictedProbabilitiesName === undefined
      ? undefined
      : rankClasses(outputs[model.predictedProbabilitiesName]!, top);
  return {
    model: modelName,
    metadata: model.metadata,
    device: model.device,
    runtime: describeRuntime(),
    inputs: Object.fromEntries(inputTexts),
    crop,
    ...(classes ? { top: classes } : {}),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, outputToJson(value, top)])),
    timing,
  };
}
