import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Joules that the processor took during `run`, or why that cannot be known. */
export type Energy = { joules: number } | { unknown: string };

export interface EnergyMeter {
  /** Called before and after the measured runs. */
  start(): void;
  stop(): Promise<Energy>;
}

/** The machine's own meter: RAPL counters on Linux, powermetrics on macOS (which only root may start). */
export function energyMeter(): EnergyMeter {
  if (process.platform === "darwin") return powermetricsMeter();
  return raplMeter();
}

const noMeter = (reason: string): EnergyMeter => ({ start: () => {}, stop: async () => ({ unknown: reason }) });

/** Running average power limit: counters in microjoules, one per processor package, that wrap around. */
export function raplMeter(root = "/sys/class/powercap"): EnergyMeter {
  const packages = listPackages(root);
  if (packages.length === 0) return noMeter("no RAPL counter");
  const read = () => packages.map((path) => Number(readFileSync(join(path, "energy_uj"), "utf8")));
  const ranges = packages.map((path) => Number(readFileSync(join(path, "max_energy_range_uj"), "utf8")));
  let before: number[];
  try {
    before = read();
  } catch {
    return noMeter("RAPL needs root");
  }
  return {
    start: () => (before = read()),
    stop: async () => {
      const used = read().map((after, i) => after - before[i]! + (after < before[i]! ? ranges[i]! : 0));
      return { joules: used.reduce((sum, microjoules) => sum + microjoules, 0) / 1e6 };
    },
  };
}

/** Packages only: cores and memory are parts of them. */
function listPackages(root: string): string[] {
  try {
    return readdirSync(root)
      .filter((name) => /^intel-rapl:\d+$/.test(name))
      .map((name) => join(root, name));
  } catch {
    return [];
  }
}

const sampleMs = 100;

function powermetricsMeter(): EnergyMeter {
  if (process.getuid?.() !== 0) return noMeter("powermetrics needs root");
  let child: Bun.Subprocess<"ignore", "pipe", "ignore"> | undefined;
  let startedMs = 0;
  return {
    start: () => {
      const samplers = "cpu_power,gpu_power,ane_power";
      const command = ["powermetrics", "--samplers", samplers, "--sample-rate", `${sampleMs}`];
      child = Bun.spawn(command, { stdio: ["ignore", "pipe", "ignore"] });
      startedMs = performance.now();
    },
    stop: async () => {
      const seconds = (performance.now() - startedMs) / 1000;
      child!.kill("SIGINT");
      const watts = meanWatts(await child!.stdout.text());
      return watts === undefined ? { unknown: "powermetrics printed no power" } : { joules: watts * seconds };
    },
  };
}

/** Mean over powermetrics' samples: its combined power, or the sum of processor, GPU and Neural Engine where it prints none. */
export function meanWatts(text: string): number | undefined {
  const milliwatts = (label: string) =>
    [...text.matchAll(new RegExp(`^${label}: (\\d+) mW$`, "gm"))].map((match) => Number(match[1]));
  const combined = milliwatts("Combined Power \\(CPU \\+ GPU \\+ ANE\\)");
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  if (combined.length > 0) return mean(combined) / 1000;
  const parts = ["CPU Power", "GPU Power", "ANE Power"].map(milliwatts).filter((values) => values.length > 0);
  return parts.length === 0 ? undefined : parts.reduce((sum, values) => sum + mean(values), 0) / 1000;
}
