import { describeRuntime, type FeatureInputs, type Feature, loadModel } from "../index.ts";
import { benchmark, type DeviceResult, settingsHere } from "../benchmark/benchmark.ts";
import { latencyChart } from "../benchmark/chart.ts";
import { randomInputs } from "../random-inputs.ts";
import { type DefaultModel, shortPath } from "./paths.ts";
import { printProfile } from "./profile.ts";
import { columns, dim, formatMs, formatNumber } from "./style.ts";
import { parseCommandLine, parseCount, UsageError } from "./usage.ts";
import { assignInputs, readInputs } from "./values.ts";

/** Without --repeat a setting takes no longer than this. */
const defaultBudgetMs = 10_000;

export async function run(args: string[], ready: () => Promise<unknown>, defaultModel?: DefaultModel): Promise<void> {
  const { values, positionals } = parseCommandLine({
    args,
    allowPositionals: true,
    options: {
      repeat: { type: "string" },
      svg: { type: "string" },
      "per-op": { type: "boolean", default: false },
      top: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const perOperation = values["per-op"];
  const repeat = parseCount(values.repeat, "--repeat", perOperation ? 50 : 200, 1);
  const top = parseCount(values.top, "--top", 30, 1);
  const isOnly = defaultModel?.isOnly ?? false;
  const path = isOnly ? undefined : positionals[0];
  const inputArgs = isOnly ? positionals : positionals.slice(1);
  const modelPath = path ?? defaultModel?.path;
  if (modelPath === undefined) throw new UsageError("bench wants a MODEL");
  const name = path === undefined ? defaultModel!.name : shortPath(path);

  await ready();
  const inputs = (features: readonly Feature[]): FeatureInputs | Promise<FeatureInputs> =>
    inputArgs.length > 0 ? readInputs(assignInputs(features, inputArgs)) : randomInputs(features);
  if (perOperation) {
    await printProfile({ path: modelPath, name, inputs, repeat, top, json: values.json, svg: values.svg });
    return;
  }
  const results: DeviceResult[] = [];
  for (const computeUnits of settingsHere())
    results.push(
      await benchmark(modelPath, computeUnits, {
        repeat,
        budgetMs: values.repeat === undefined ? defaultBudgetMs : Infinity,
        inputs,
        onProgress: (units, done, of) => progress(`${units}: ${done} of ${of} runs`),
      }),
    );
  progress("");
  const title = `${name}, one input at a time`;
  const text = values.json
    ? `${JSON.stringify({ model: name, runtime: describeRuntime(), results }, null, 2)}\n`
    : await toText(modelPath, name, inputArgs, results);
  await Bun.write(Bun.stdout, text);
  if (values.svg === undefined) return;
  await Bun.write(values.svg, latencyChart(title, results));
  if (!values.json) await Bun.write(Bun.stdout, `wrote ${shortPath(values.svg)}\n`);
}

/** One line that is written over, on a terminal only. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

async function toText(
  modelPath: string,
  name: string,
  inputArgs: readonly string[],
  results: readonly DeviceResult[],
): Promise<string> {
  using model = await loadModel(modelPath);
  const { portable, threads, isa } = describeRuntime();
  const { metadata } = model;
  const head = columns([
    ["model", name],
    ["format", `${metadata.format} (${metadata.kind}, specification ${metadata.specificationVersion})`],
    ["quantization", metadata.quantization],
    ["inputs", inputArgs.length > 0 ? inputArgs.join(" ") : "random"],
    ...(portable ? [["engine", `${threads} thread${threads === 1 ? "" : "s"}, ${isa}`]] : []),
  ]);
  const table = columns([
    ["device", "p50", "p95", "p99", "min", "per second", "load", "first run", "memory", "power", "efficiency"],
    ...results.map((r) => [
      portable ? r.device : `${r.device} (${r.computeUnits})`,
      ...[r.p50Ms, r.p95Ms, r.p99Ms, r.minMs].map(formatMs),
      formatNumber(r.inferencesPerSecond),
      formatMs(r.loadMs),
      formatMs(r.firstRunMs),
      `${(r.memoryBytes / 1e6).toFixed(0)} MB`,
      ...powerCells(r),
    ]),
  ]);
  const runs = results.map((r) => r.runs).join(" and ");
  const others = portable ? "; GPU and Neural Engine: Apple hardware only" : "";
  return `${head}\n${table}\n${dim(`${runs} runs after the first one${others}`)}\n`;
}

function powerCells({ energy, runs, inferencesPerSecond }: DeviceResult): [power: string, efficiency: string] {
  if ("unknown" in energy) return [energy.unknown, "-"];
  const perJoule = runs / energy.joules;
  return [`${formatNumber(inferencesPerSecond / perJoule)} W`, `${formatNumber(perJoule)} inferences/J`];
}
