import type { FeatureInputs } from "../features.ts";
import { loadModel } from "../model.ts";
import { describeRuntime } from "../native/runtime.ts";
import type { ComputeUnits, Feature } from "../schema.ts";
import { type Energy, energyMeter } from "./power.ts";

export interface DeviceResult {
  /** As the model was loaded. */
  computeUnits: ComputeUnits;
  /** What runs it. */
  device: string;
  loadMs: number;
  firstRunMs: number;
  runs: number;
  /** Quantiles of one run's time. */
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  minMs: number;
  /** Runs one after the other. */
  inferencesPerSecond: number;
  /** Growth of the process's resident memory from before the load to after the runs. */
  memoryBytes: number;
  energy: Energy;
}

export interface BenchmarkOptions {
  repeat: number;
  /** Ends a setting early; at least ten runs are done. */
  budgetMs: number;
  inputs(features: readonly Feature[]): FeatureInputs | Promise<FeatureInputs>;
  onProgress?(computeUnits: ComputeUnits, done: number, of: number): void;
}

/** The settings that mean different devices on this machine. */
export function settingsHere(): ComputeUnits[] {
  const { portable, devices } = describeRuntime();
  if (portable) return ["cpuOnly"];
  const has = (kind: string) => devices.some((device) => device.kind === kind);
  return [
    ...(has("neuralEngine") ? (["cpuAndNeuralEngine"] as const) : []),
    ...(has("gpu") ? (["cpuAndGPU"] as const) : []),
    "cpuOnly",
    ...(devices.length > 1 ? (["all"] as const) : []),
  ];
}

const fewestRuns = 10;

export async function benchmark(
  path: string,
  computeUnits: ComputeUnits,
  { repeat, budgetMs, inputs, onProgress }: BenchmarkOptions,
): Promise<DeviceResult> {
  const memoryBefore = process.memoryUsage.rss();
  const loadStart = performance.now();
  using model = await loadModel(path, { computeUnits });
  const loadMs = performance.now() - loadStart;
  const given = await inputs(model.inputs);
  const state = model.states.length > 0 ? model.newState() : undefined;
  const timeRun = () => {
    const start = performance.now();
    model.predictSync(given, state ? { state } : {});
    return performance.now() - start;
  };
  const firstRunMs = timeRun();
  const times: number[] = [];
  const meter = energyMeter();
  meter.start();
  const start = performance.now();
  let reportedMs = start;
  while (times.length < repeat && (times.length < fewestRuns || performance.now() - start < budgetMs)) {
    times.push(timeRun());
    if (performance.now() - reportedMs < 200) continue;
    onProgress?.(computeUnits, times.length, repeat);
    reportedMs = performance.now();
  }
  const elapsedMs = performance.now() - start;
  const energy = await meter.stop();
  state?.dispose();
  times.sort((a, b) => a - b);
  return {
    computeUnits,
    device: model.device,
    loadMs,
    firstRunMs,
    runs: times.length,
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    p99Ms: quantile(times, 0.99),
    minMs: times[0]!,
    inferencesPerSecond: (times.length * 1000) / elapsedMs,
    memoryBytes: Math.max(0, process.memoryUsage.rss() - memoryBefore),
    energy,
  };
}

/** Of sorted numbers, between neighbours by their distance. */
export function quantile(sorted: readonly number[], fraction: number): number {
  const at = (sorted.length - 1) * fraction;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}
