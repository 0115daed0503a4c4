/**
 * Takes all figures of docs/performance.md and of the README's speed table, draws the charts, and writes them in.
 *
 *   bun bench/report.ts [--only peers,isa,scaling,load,ffi,start,profile] [--quick] [--saved]
 *
 * --quick: three rounds of everything, to try it. --saved: measure nothing, write what docs/performance/data has.
 * On a quiet machine only: see bench/README.md for how long it takes.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "../scripts/setup/paths.ts";
import { profileChart } from "../src/benchmark/chart.ts";
import { describeRuntime, measurePeak } from "../src/index.ts";
import { peersChart, scalingChart } from "./charts.ts";
import { openNetwork } from "./network.ts";
import { withThreads } from "./options.ts";
import { circumstances, record } from "./record.ts";
import { readFigures } from "./report/data.ts";
import { fillMarkers, networkNames, shortName } from "./report/markdown.ts";
import { performanceSections, readmeSections } from "./report/sections.ts";

const root = join(import.meta.dir, "..");
const charts = join(root, "docs/performance");
const data = join(charts, "data");
const networks = join(cacheFolder(), "bench");

const { values: options } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    only: { type: "string", default: "peers,isa,scaling,load,ffi,start,profile" },
    quick: { type: "boolean", default: false },
    saved: { type: "boolean", default: false },
  },
});
withThreads(2, import.meta.path);

/** The instruction sets below this machine's own that its kernels can be held to. */
const lower: Readonly<Record<string, readonly string[]>> = { amx: ["avx512", "avx2"], avx512: ["avx2"] };

function bench(name: string, args: readonly string[], file: string, env: Record<string, string> = {}): void {
  const rounds = options.quick ? ["--rounds", "3"] : [];
  const start = Bun.nanoseconds();
  const { exitCode } = Bun.spawnSync(
    [process.execPath, join(import.meta.dir, `${name}.ts`), ...args, ...rounds, "--json", join(data, `${file}.json`)],
    { env: { ...process.env, ...env }, stdio: ["ignore", "inherit", "inherit"] },
  );
  console.log(`\n${name}: ${((Bun.nanoseconds() - start) / 1e9).toFixed(0)} s\n`);
  // A wrong answer of one network is in the figures; the others are still wanted.
  if (exitCode !== 0) console.error(`${name} ended with exit code ${exitCode}`);
}

async function profile(): Promise<void> {
  using network = await openNetwork(join(networks, "resnet50"));
  const taken = circumstances("~/.cache/tensorlogic/bench/resnet50/model.mlpackage", ["--per-op"]);
  const result = network.model.profile(network.inputs, { repeat: options.quick ? 5 : 50 });
  await record(join(data, "profile.json"), taken, { network: "resnet50", peak: measurePeak(), ...result });
}

async function measure(wanted: readonly string[]): Promise<void> {
  const { isa } = describeRuntime();
  const fast = isa.startsWith("amx") ? ["--fast"] : [];
  const steps: Readonly<Record<string, () => unknown>> = {
    peers: () => bench("peers", ["--peers", "all", ...fast], "peers"),
    isa: () => {
      for (const held of lower[isa] ?? [])
        bench("peers", ["resnet50", "--peers", "onnxruntime,pytorch"], `peers-${held}`, { TENSORLOGIC_ISA: held });
    },
    scaling: () => bench("scaling", [], "scaling"),
    load: () => bench("load", [], "load"),
    ffi: () => bench("ffi", [], "ffi"),
    start: () => bench("start", ["resnet50", "efficientnet_lite0"], "start"),
    profile,
  };
  const stranger = wanted.find((name) => !(name in steps));
  if (stranger !== undefined) {
    console.error(`--only wants a list of ${Object.keys(steps).join(", ")}; got ${JSON.stringify(stranger)}`);
    process.exit(2);
  }
  for (const name of wanted) await steps[name]!();
}

async function write(): Promise<void> {
  const figures = readFigures(data);
  for (const [page, sections] of [
    ["docs/performance.md", performanceSections(figures)],
    ["README.md", readmeSections(figures)],
  ] as const) {
    const path = join(root, page);
    await Bun.write(path, fillMarkers(await Bun.file(path).text(), sections));
  }
  const { peers, scaling, profile: profiled } = figures;
  if (peers) {
    const named = Object.keys(networkNames).flatMap((name) =>
      peers.networks[name] ? [[shortName(name), peers.networks[name]]] : [],
    );
    await Bun.write(
      join(charts, "peers.svg"),
      peersChart(`One run on ${peers.cpu}, ${peers.isa}, ${peers.threads} threads`, Object.fromEntries(named)),
    );
  }
  for (const axis of ["batch", "side", "sequence"] as const) {
    const lines = scaling?.growths.filter((growth) => growth.axis === axis) ?? [];
    if (lines.length > 0) await Bun.write(join(charts, `scaling-${axis}.svg`), scalingChart(axis, lines));
  }
  if (profiled)
    await Bun.write(join(charts, "profile-resnet50.svg"), profileChart("ResNet-50, per operation", profiled));
}

mkdirSync(data, { recursive: true });
if (!options.saved) await measure(options.only.split(","));
await write();
