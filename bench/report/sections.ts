import type { Circumstances } from "../record.ts";
import { highestRise } from "../scaling/growth.ts";
import { type Figures, peerOf, type Peers, ratio } from "./data.ts";
import { busyLoad, goals, verdict } from "./goals.ts";
import { engineName, networkNames, shortName, table } from "./markdown.ts";

const notMeasured = "Not measured yet.";

/** Every text that a page can ask for, by the name of its marker. */
export function performanceSections(figures: Figures): Record<string, string> {
  const { peers } = figures;
  return {
    goals: goalsTable(figures),
    resnet: networksTable(peers, ["resnet50"]),
    isa: isaTable(figures),
    mobile: networksTable(peers, ["efficientnet_lite0", "mobilenet_v2"]),
    transformers: networksTable(peers, ["minilm_l6_v2", "vit_b_16"]),
    others: networksTable(peers, ["convnext_tiny", "densenet121", "squeezenet1_1", "swin_t"]),
    speech: networksTable(peers, ["silero_vad"]),
    memory: memoryTable(figures),
    start: startTable(figures),
    calls: callsTable(figures),
    threads: threadsTable(figures),
    load: loadTable(figures),
    growth: growthTable(figures),
    profile: profileTable(figures),
  };
}

export function readmeSections({ peers, ffi }: Figures): Record<string, string> {
  if (!peers) return { speed: notMeasured };
  const cell = (network: string, engine: string) => {
    const result = peerOf(peers, network, engine);
    return result?.medianMs === undefined ? "-" : `${ms(result.medianMs)} (${ms(result.minMs!)})`;
  };
  const rows = Object.keys(peers.networks)
    .toSorted(byFame)
    .map((network) => {
      const over = ratio(peerOf(peers, network, "tensorlogic f16"), peerOf(peers, network, "onnxruntime f32"));
      const engines = ["tensorlogic f16", "onnxruntime f32", "openvino f32", "pytorch f32"];
      return [
        networkNames[network] ?? network,
        ...engines.map((engine) => cell(network, engine)),
        over?.toFixed(2) ?? "-",
      ];
    });
  const head = [
    "network",
    "tensorlogic, f16",
    "ONNX Runtime, f32",
    "OpenVINO, f32",
    "PyTorch, f32",
    "over ONNX Runtime",
  ];
  const run = ffi?.calls.find(({ name }) => name === "request.run()");
  const call = run ? `\n\n\`request.run()\` on a model of one operation takes ${ms(run.medianMs * 1000)} µs.` : "";
  return {
    speed: `Median (minimum) in ms, batch 1, ${peers.rounds} runs in turns. ${taken(peers)}\n\n${table(head, rows)}${call}`,
  };
}

function taken({ cpu, isa, threads, os, bun, date, command, load }: Circumstances): string {
  const busy = load > busyLoad ? ` The machine was busy (load average ${load.toFixed(1)}): provisional.` : "";
  return `${cpu}, ${isa}, ${threads} threads, ${os}, Bun ${bun}, ${date}: \`${command}\`.${busy}`;
}

const ms = (value: number) => (value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2));

const fame = Object.keys(networkNames);
const byFame = (a: string, b: string) => fame.indexOf(a) - fame.indexOf(b);

function goalsTable(figures: Figures): string {
  const rows = goals(figures).map((goal) => {
    const { figure, value, must, aim, isAtLeast, unit = "", note = "" } = goal;
    const [least, best] = [must, aim].map((limit) => `${isAtLeast ? "≥" : "≤"} ${limit}${unit}`);
    return [figure, value === undefined ? "-" : `${value.toFixed(2)}${unit}`, least!, best!, verdict(goal), note];
  });
  return table(["figure", "measured", "goal", "aim", "", "note"], rows);
}

function networksTable(peers: Peers | undefined, networks: readonly string[]): string {
  const present = networks.filter((network) => peers?.networks[network]);
  if (!peers || present.length === 0) return notMeasured;
  const rows = present.flatMap((network) => {
    const mine = peerOf(peers, network, "tensorlogic f16");
    return peers.networks[network]!.map((result, i) => {
      const over = i === 0 ? undefined : ratio(mine, result);
      return [
        i === 0 ? (networkNames[network] ?? network) : "",
        engineName(result.engine),
        ...(result.medianMs === undefined ? [result.missing!, ""] : [ms(result.medianMs), ms(result.minMs!)]),
        over?.toFixed(2) ?? "",
        result.relativeError ? result.relativeError.toExponential(1) : "",
      ];
    });
  });
  return `${taken(peers)}\n\n${table(["network", "engine", "median, ms", "minimum", "ours over it", "error"], rows)}`;
}

function isaTable(figures: Figures): string {
  const runs = [figures.peers, figures["peers-avx512"], figures["peers-avx2"]].filter((peers) => peers !== undefined);
  if (runs.length === 0) return notMeasured;
  const rows = runs.flatMap((peers) => {
    const mine = peerOf(peers, "resnet50", "tensorlogic f16");
    if (mine?.medianMs === undefined) return [];
    return ["onnxruntime f32", "pytorch f32"].flatMap((engine) => {
      const theirs = peerOf(peers, "resnet50", engine);
      if (theirs?.medianMs === undefined) return [];
      return [
        [peers.isa, engineName(engine), ms(mine.medianMs!), ms(theirs.medianMs), ratio(mine, theirs)!.toFixed(2)],
      ];
    });
  });
  return `${runs.map(taken).join("\n")}\n\n${table(["ours held to", "against", "ours, ms", "theirs, ms", "ratio"], rows)}`;
}

function memoryTable({ start }: Figures): string {
  if (!start) return notMeasured;
  const mb = (kib: number) => ((kib * 1024) / 1e6).toFixed(0);
  const rows = Object.entries(start.networks).flatMap(([network, processes]) =>
    (["tensorlogic", "onnxruntime"] as const).map((engine, i) => {
      const over = processes[engine].peak - processes.nothing.peak;
      return [
        i === 0 ? (networkNames[network] ?? network) : "",
        engineName(engine),
        mb(processes[engine].peak),
        mb(over),
        ((over * 1024) / processes.weights).toFixed(2),
      ];
    }),
  );
  return `${taken(start)}\n\n${table(["network", "engine", "peak, MB", "over Bun's own, MB", "over the f16 weights"], rows)}`;
}

function startTable({ start }: Figures): string {
  if (!start) return notMeasured;
  const rows = Object.entries(start.networks).map(([network, { tensorlogic, onnxruntime }]) => [
    networkNames[network] ?? network,
    `${ms(tensorlogic.medianMs)} (${ms(tensorlogic.minMs)})`,
    `${ms(onnxruntime.medianMs)} (${ms(onnxruntime.minMs)})`,
    (tensorlogic.medianMs / onnxruntime.medianMs).toFixed(2),
  ]);
  return `Median (minimum) in ms. ${taken(start)}\n\n${table(["network", "tensorlogic", "ONNX Runtime", "ratio"], rows)}`;
}

function callsTable({ ffi }: Figures): string {
  if (!ffi) return notMeasured;
  const rows = ffi.calls.map(({ name, medianMs, minMs }) => [
    `\`${name}\``,
    (medianMs * 1000).toFixed(2),
    (minMs * 1000).toFixed(2),
  ]);
  return `${taken(ffi)}\n\n${table(["call", "median, µs", "minimum"], rows)}`;
}

function threadsTable({ scaling }: Figures): string {
  if (!scaling || scaling.threads.length === 0) return notMeasured;
  const rows = scaling.threads.map(({ network, engine, one, two, speedUp }) => [
    networkNames[network] ?? network,
    engineName(engine),
    ms(one.medianMs),
    ms(two.medianMs),
    `${speedUp.toFixed(2)}×`,
  ]);
  return `${taken(scaling)}\n\n${table(["network", "engine", "1 thread, ms", "2 threads, ms", "speed-up"], rows)}`;
}

function loadTable({ load }: Figures): string {
  if (!load) return notMeasured;
  const rows = Object.entries(load.networks).flatMap(([network, results]) =>
    results.map(({ engine, idle, loaded, slowdown }, i) => [
      i === 0 ? (networkNames[network] ?? network) : "",
      engineName(engine),
      ms(idle.medianMs),
      ms(loaded.medianMs),
      slowdown.toFixed(2),
    ]),
  );
  return `${taken(load)}\n\n${table(["network", "engine", "alone, ms", "beside 2 busy processes, ms", "slowdown"], rows)}`;
}

function growthTable({ scaling }: Figures): string {
  if (!scaling || scaling.growths.length === 0) return notMeasured;
  const rows = scaling.growths.map((growth) => {
    const { network, axis, points, excess } = growth;
    const [first, last] = [points[0]!, points.at(-1)!];
    const cost = ({ ours, gflop }: typeof first) => (ours.medianMs / gflop).toFixed(2);
    return [
      shortName(network),
      `${axis} ${first.size} to ${last.size}`,
      cost(first),
      cost(last),
      `${(highestRise(growth) * 100).toFixed(0)} %`,
      excess[0]
        ? `${excess[0].kernel} (\`${excess[0].operation}\`) at ${excess[0].atSize} over ${excess[0].ofSize}`
        : "",
    ];
  });
  const charts = [...new Set(scaling.growths.map(({ axis }) => axis))].map(
    (axis) => `![Time per unit of work as the ${axis} grows](performance/scaling-${axis}.svg)`,
  );
  const head = ["network", "sizes", "ms per GFLOP, first", "last", "highest rise", "most of it"];
  return [taken(scaling), table(head, rows), ...charts].join("\n\n");
}

function profileTable({ profile }: Figures): string {
  if (!profile) return notMeasured;
  const kinds = Map.groupBy(profile.operations, ({ type, kernel }) => kernel || type);
  const rows = [...kinds]
    .map(([kind, steps]) => {
      const sum = (pick: (step: (typeof steps)[number]) => number) =>
        steps.reduce((total, step) => total + pick(step), 0);
      return {
        kind,
        count: steps.length,
        time: sum((s) => s.medianMs),
        share: sum((s) => s.share),
        flops: sum((s) => s.flops),
        bytes: sum((s) => s.bytes),
      };
    })
    .toSorted((a, b) => b.time - a.time)
    .slice(0, 12)
    .map(({ kind, count, time, share, flops, bytes }) => {
      const gflops = flops / time / 1e6;
      const gigabytes = bytes / time / 1e6;
      const isCompute = gflops / profile.peak.gflops >= gigabytes / profile.peak.gigabytesPerSecond;
      const rate = isCompute
        ? `${gflops.toFixed(0)} GFLOP/s (${((gflops / profile.peak.gflops) * 100).toFixed(0)} %)`
        : `${gigabytes.toFixed(1)} GB/s (${((gigabytes / profile.peak.gigabytesPerSecond) * 100).toFixed(0)} %)`;
      return [kind, String(count), ms(time), `${(share * 100).toFixed(1)} %`, rate];
    });
  const head = ["kernel", "steps", "ms", "share", "rate (of the machine's peak)"];
  return [
    taken(profile),
    `Peak: ${profile.peak.gflops.toFixed(0)} GFLOP/s in f32, ${profile.peak.gigabytesPerSecond.toFixed(0)} GB/s from memory.`,
    table(head, rows),
    `![Time of each step of ResNet-50](performance/profile-resnet50.svg)`,
  ].join("\n\n");
}
