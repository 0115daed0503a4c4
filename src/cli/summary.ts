import { Image, Tensor, type FeatureOutput, type FeatureOutputs, type Model } from "../index.ts";
import { bar, bold, columns, dim, formatNumber, green } from "./style.ts";

export interface RankedClass {
  label: string | number;
  probability: number;
}

/** The classes of a classifier's dictionary, most probable first; `undefined` for other outputs. */
export function rankClasses(output: FeatureOutput, count: number): RankedClass[] | undefined {
  if (!(output instanceof Map)) return undefined;
  const ranked = [...output].map(([label, probability]) => ({ label, probability }));
  return ranked.sort((a, b) => b.probability - a.probability).slice(0, count);
}

export interface TensorStatistics {
  min: number;
  mean: number;
  max: number;
  nans: number;
  first: number[];
}

/** Smallest, mean and largest of the numbers in a tensor (NaN is counted apart), and its first values. */
export function summarize(tensor: Tensor, count = 8): TensorStatistics {
  const values = tensor.toFloat64();
  let [min, max, sum, nans] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) {
      nans++;
      continue;
    }
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  const numbers = values.length - nans;
  const isEmpty = numbers === 0;
  return {
    min: isEmpty ? NaN : min,
    mean: isEmpty ? NaN : sum / numbers,
    max: isEmpty ? NaN : max,
    nans,
    first: [...values.subarray(0, count)],
  };
}

/** The outputs as text: classes with bars, tensors by their statistics. */
export function formatOutputs(model: Model, outputs: FeatureOutputs, top: number): string {
  const parts: string[] = [];
  const rows: string[][] = [];
  for (const [name, value] of Object.entries(outputs)) {
    const classes =
      name === model.predictedFeatureName && model.predictedProbabilitiesName ? undefined : rankClasses(value, top);
    if (classes) parts.push(formatClasses(classes));
    else if (name !== model.predictedFeatureName || !model.predictedProbabilitiesName)
      rows.push([name, formatValue(value)]);
  }
  if (rows.length > 0) parts.push(columns(rows));
  return parts.join("\n");
}

function formatClasses(classes: readonly RankedClass[]): string {
  const isProbability = classes.every(({ probability }) => probability >= 0 && probability <= 1.001);
  const scale = isProbability ? 1 : Math.max(...classes.map(({ probability }) => Math.abs(probability))) || 1;
  return classes
    .map(({ label, probability }, rank) => {
      const number = isProbability ? `${(probability * 100).toFixed(1)}%` : formatNumber(probability);
      const line = `${number.padStart(6)}  ${green(bar(probability / scale, 24))}  ${rank === 0 ? bold(String(label)) : label}`;
      return `${line}\n`;
    })
    .join("");
}

function formatValue(value: FeatureOutput): string {
  if (value instanceof Image) return `${value.width}×${value.height} ${value.mode} image`;
  if (!(value instanceof Tensor))
    return typeof value === "number"
      ? formatNumber(value)
      : JSON.stringify(value, (_, item) => (typeof item === "bigint" ? String(item) : item));
  const { min, mean, max, nans, first } = summarize(value);
  const dots = value.elementCount > first.length ? " …" : "";
  const range = `min ${formatNumber(min)}  mean ${formatNumber(mean)}  max ${formatNumber(max)}${nans > 0 ? `  ${nans} nan` : ""}`;
  return `${value.dtype} [${value.shape.join(", ")}]  ${range}  ${dim(`${first.map(formatNumber).join(" ")}${dots}`)}`;
}

/** An output for `--json`: a tensor by shape, type and statistics, a classifier's dictionary by its best classes. */
export function outputToJson(value: FeatureOutput, top: number): unknown {
  if (value instanceof Tensor) return { type: "tensor", dtype: value.dtype, shape: value.shape, ...summarize(value) };
  if (value instanceof Image) return { type: "image", width: value.width, height: value.height, mode: value.mode };
  if (value instanceof Map) return { type: "dictionary", size: value.size, top: rankClasses(value, top) };
  return typeof value === "bigint" ? value.toString() : value;
}
