import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { describeRuntime } from "../src/index.ts";

/** Where and how figures were taken: without it they cannot be compared with others. */
export interface Circumstances {
  cpu: string;
  isa: string;
  threads: number;
  os: string;
  bun: string;
  date: string;
  command: string;
  /** Load average before the first run. */
  load: number;
}

export type Recorded<Result> = Circumstances & Result;

export function circumstances(bench: string, args: readonly string[]): Circumstances {
  const { isa, threads } = describeRuntime();
  const forced = process.env.TENSORLOGIC_ISA;
  return {
    cpu: cpuName(),
    isa,
    threads,
    os: `${process.platform} ${process.arch}`,
    bun: Bun.version,
    date: new Date().toISOString().slice(0, 10),
    command: `${forced ? `TENSORLOGIC_ISA=${forced} ` : ""}${["bun run bench", bench, ...withoutFiles(args)].join(" ")}`,
    load: loadavg()[0]!,
  };
}

/** Where the figures go is no part of how they were taken. */
const withoutFiles = (args: readonly string[]) =>
  args.filter((arg, i) => !/^--(json|svg)/.test(arg) && !/^--(json|svg)$/.test(args[i - 1] ?? ""));

/** With family and model where the name alone could be any of a maker's processors, as on virtual machines. */
function cpuName(): string {
  const name = cpus()[0]!.model.trim();
  if (process.platform !== "linux" || /\d/.test(name)) return name;
  const info = readFileSync("/proc/cpuinfo", "utf8");
  const field = (key: string) => info.match(new RegExp(`^${key}\\s*:\\s*(\\d+)$`, "m"))?.[1];
  const [family, model] = [field("cpu family"), field("model")];
  return family && model ? `${name} (family ${family}, model ${model})` : name;
}

export async function record<Result extends object>(path: string, taken: Circumstances, result: Result): Promise<void> {
  await Bun.write(path, `${JSON.stringify({ ...taken, ...result }, null, 2)}\n`);
}
