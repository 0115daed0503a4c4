import { existsSync } from "node:fs";
import {
  describeRuntime,
  Image,
  loadModel,
  type ComputeUnits,
  type CropMode,
  type FeatureInputs,
  type FeatureOutputs,
  type Model,
} from "../index.ts";
import { writeOutputs } from "./output-files.ts";
import { bundledModel, bundledPhoto, shortPath } from "./paths.ts";
import { columns, dim, formatMs } from "./style.ts";
import { formatOutputs, outputToJson, rankClasses } from "./summary.ts";
import { parseChoice, parseCommandLine, parseCount } from "./usage.ts";
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

export async function run(args: string[], ready: () => Promise<unknown>): Promise<void> {
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
  const { modelPath, inputArgs } = chooseModel(positionals);
  const defaultCrop = modelPath === bundledModel ? "imagenet" : "center";
  const crop = parseChoice<CropMode>(values.crop, "--crop", ["center", "imagenet", "fit", "fill"], defaultCrop);

  await ready();
  const start = performance.now();
  using model = await loadModel(modelPath, {
    ...(values["compute-units"] === undefined ? {} : { computeUnits }),
    ...(values.function === undefined ? {} : { functionName: values.function }),
  });
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
    modelPath,
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

/** A picture in the model's place means: the bundled model. */
function chooseModel(positionals: readonly string[]): { modelPath: string; inputArgs: readonly string[] } {
  const [first, ...rest] = positionals;
  if (first === undefined) return { modelPath: bundledModel, inputArgs: [bundledPhoto] };
  if (rest.length === 0 && isImagePath(first) && existsSync(first))
    return { modelPath: bundledModel, inputArgs: [first] };
  return { modelPath: first, inputArgs: rest };
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
  modelPath: string;
  inputs: FeatureInputs;
  inputTexts: ReadonlyMap<string, string>;
  outputs: FeatureOutputs;
  timing: Timing;
  crop: CropMode;
  top: number;
}

function toText({ model, modelPath, inputs, inputTexts, outputs, timing, crop, top }: Report): string {
  const { metadata } = model;
  const head = columns([
    ["model", shortPath(modelPath)],
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
  const { portable, threads, isa } = describeRuntime();
  return portable ? `${model.device}, ${threads} thread${threads === 1 ? "" : "s"}, ${isa}` : model.device;
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

function toJson({ model, modelPath, inputTexts, outputs, timing, crop, top }: Report): unknown {
  const classes =
    model.predictedProbabilitiesName === undefined
      ? undefined
      : rankClasses(outputs[model.predictedProbabilitiesName]!, top);
  return {
    model: modelPath,
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
