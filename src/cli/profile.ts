import {
  loadModel,
  type FeatureInputs,
  type Feature,
  type Profile,
  type ProfiledOperation,
  type MachinePeak,
  measurePeak,
} from "../index.ts";
import { profileChart } from "../benchmark/chart.ts";
import { bar, columns, dim, formatMs } from "./style.ts";

export interface ProfileRequest {
  path: string;
  name: string;
  inputs(features: readonly Feature[]): FeatureInputs | Promise<FeatureInputs>;
  repeat: number;
  top: number;
  json: boolean;
  svg: string | undefined;
}

/** `bun run bench MODEL --per-op`: where the time goes on the portable engine. */
export async function printProfile(request: ProfileRequest): Promise<void> {
  using model = await loadModel(request.path);
  const profile = model.profile(await request.inputs(model.inputs), { repeat: request.repeat });
  const peak = measurePeak();
  const text = request.json
    ? `${JSON.stringify({ model: request.name, peak, ...profile }, null, 2)}\n`
    : toText(request.name, profile, peak, request.top);
  await Bun.write(Bun.stdout, text);
  if (request.svg !== undefined) await Bun.write(request.svg, profileChart(`${request.name}, per operation`, profile));
}

function toText(name: string, profile: Profile, peak: MachinePeak, top: number): string {
  const slowest = profile.operations.toSorted((a, b) => b.medianMs - a.medianMs).slice(0, top);
  const rest = profile.operations.length - slowest.length;
  const largest = slowest[0]?.share ?? 1;
  const rows = slowest.map((step) => [
    step.operation,
    [step.type, ...step.fused.map(({ type }) => type)].join(" + "),
    step.kernel,
    `[${step.shape.join(", ")}]`,
    formatMs(step.medianMs),
    `${(step.share * 100).toFixed(1)}%`.padStart(5),
    bar(step.share / largest, 12),
    rate(step, peak),
  ]);
  const head = ["operation", "types", "kernel", "shape", "time", "share", "", "rate (of the machine's peak)"];
  const { device, runs, medianMs } = profile;
  const flops = profile.operations.reduce((sum, step) => sum + step.flops, 0);
  return [
    columns([
      ["model", name],
      [
        "device",
        `${device}: ${formatMs(medianMs)} per run (median of ${runs}), ${(flops / medianMs / 1e6).toFixed(0)} GFLOP/s`,
      ],
      ["peak", `${peak.gflops.toFixed(0)} GFLOP/s in f32, ${peak.gigabytesPerSecond.toFixed(0)} GB/s read from memory`],
    ]),
    columns([head, ...rows]),
    rest > 0 ? `${dim(`${rest} more operations; --top ${profile.operations.length} prints all`)}\n` : "",
  ].join("\n");
}

/** What a step reaches, of what bounds it. */
function rate({ flops, bytes, medianMs }: ProfiledOperation, peak: MachinePeak): string {
  const gflops = flops / medianMs / 1e6;
  const gigabytes = bytes / medianMs / 1e6;
  const isProduct = gflops / peak.gflops > gigabytes / peak.gigabytesPerSecond;
  const [value, unit, of] = isProduct ? [gflops, "GFLOP/s", peak.gflops] : [gigabytes, "GB/s", peak.gigabytesPerSecond];
  return `${value.toFixed(1)} ${unit} (${((value / of) * 100).toFixed(0)}%)`;
}
