/**
 * Files of weights: how soon the first tensor of a large SafeTensors file is there and what it costs in memory, and how fast the
 * quantisations of GGUF become f16, beside the Python packages safetensors and gguf.
 *
 *   bun bench/weights.ts [--megabytes N] [--elements N] [--rounds N] [--python PATH]
 *
 * See bench/README.md.
 */
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "../scripts/setup/paths.ts";
import { loadModel, saveTensors, Tensor, type Weights } from "../src/index.ts";
import { gguf, ggufFile } from "../test/weights/files.ts";
import { row, summarise, warnIfBusy } from "./timing.ts";

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "1024" },
    elements: { type: "string", default: String(1 << 23) },
    rounds: { type: "string", default: "5" },
    python: { type: "string", default: "python3" },
    child: { type: "string" },
  },
});

const peer = join(import.meta.dir, "weights_peer.py");

/** Number of `ggml_type`, elements and bytes of a block. */
const types: Readonly<Record<string, [code: number, elements: number, bytes: number]>> = {
  F32: [0, 1, 4],
  F16: [1, 1, 2],
  BF16: [30, 1, 2],
  Q4_0: [2, 32, 18],
  Q4_1: [3, 32, 20],
  Q5_0: [6, 32, 22],
  Q5_1: [7, 32, 24],
  Q8_0: [8, 32, 34],
  Q2_K: [10, 256, 84],
  Q3_K: [11, 256, 110],
  Q4_K: [12, 256, 144],
  Q5_K: [13, 256, 176],
  Q6_K: [14, 256, 210],
  IQ2_XXS: [16, 256, 66],
  IQ2_XS: [17, 256, 74],
  IQ2_S: [22, 256, 82],
  IQ3_XXS: [18, 256, 98],
  IQ3_S: [21, 256, 110],
  IQ1_S: [19, 256, 50],
  IQ1_M: [29, 256, 56],
  IQ4_NL: [20, 32, 18],
  IQ4_XS: [23, 256, 136],
  TQ1_0: [34, 256, 54],
  TQ2_0: [35, 256, 66],
  MXFP4: [39, 32, 17],
  NVFP4: [40, 64, 36],
};

interface FirstTensor {
  openMs: number;
  firstMs: number;
  /** Memory that the process had to get for it, and all that it could see, mapped file included. */
  ownMB: number;
  residentMB: number;
}

function memoryMB(field: string): number {
  const line = readFileSync("/proc/self/status", "utf8").match(new RegExp(`^${field}:\\s+(\\d+) kB`, "m"));
  return line ? Number(line[1]) / 1000 : Number.NaN;
}

/** In a process of its own: opens a file and reads the first element of its first tensor, then all of its tensors. */
async function measureFirstTensor(path: string): Promise<void> {
  Tensor.zeros([1]);
  const before = memoryMB("RssAnon");
  const start = performance.now();
  using weights = (await loadModel(path)) as unknown as Weights;
  const openMs = performance.now() - start;
  const [name] = weights.tensorNames;
  if (weights.tensor(name!).data[0] === undefined) throw new Error("no elements");
  const firstMs = performance.now() - start;
  const result: FirstTensor = {
    openMs,
    firstMs,
    ownMB: memoryMB("RssAnon") - before,
    residentMB: memoryMB("VmHWM"),
  };
  console.log(JSON.stringify(result));
}

async function makeSafeTensors(folder: string, megabytes: number): Promise<string> {
  const path = join(folder, `weights-${megabytes}.safetensors`);
  if (existsSync(path)) return path;
  const rows = Math.ceil(megabytes / 32);
  const tensors: Record<string, Tensor> = {};
  for (let i = 0; i < rows; i++) {
    const tensor = Tensor.zeros([4096, 4096]);
    // Not zeros, which some file systems leave out.
    new Uint16Array(tensor.data.buffer).fill(0x3c00 + i);
    tensors[`layer.${i}.weight`] = tensor;
  }
  await saveTensors(path, tensors, { format: "pt" });
  return path;
}

async function makeGGUF(folder: string, elements: number): Promise<string> {
  const path = join(folder, `types-${elements}.gguf`);
  if (existsSync(path)) return path;
  let offset = 0;
  const infos: Uint8Array[] = [];
  for (const [name, [code, blockElements, blockBytes]] of Object.entries(types)) {
    infos.push(gguf.tensor(name, [4096, elements / 4096], code, offset));
    offset += Math.ceil(((elements / blockElements) * blockBytes) / 32) * 32;
  }
  const file = ggufFile({ tensors: infos, dataBytes: offset });
  const data = file.subarray(file.length - offset);
  // Random bytes whose halves stay normal numbers.
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    data[i] = (state >>> 24) & 0xbb;
  }
  await Bun.write(path, file);
  return path;
}

function runJson<T>(command: string[]): T | undefined {
  const { stdout, exitCode, stderr } = Bun.spawnSync(command);
  if (exitCode === 0) return JSON.parse(stdout.toString()) as T;
  console.warn(`${command.slice(0, 2).join(" ")}: ${stderr.toString().trim().split("\n").at(-1)}\n`);
  return undefined;
}

function median(values: FirstTensor[], key: keyof FirstTensor): string {
  return summarise(values.map((value) => value[key])).medianMs.toFixed(1);
}

async function benchFirstTensor(folder: string, rounds: number): Promise<void> {
  const path = await makeSafeTensors(folder, Number(options.megabytes));
  console.log(`SafeTensors, ${(statSync(path).size / 1e9).toFixed(2)} GB: median of ${rounds} processes, in turns`);
  const commands: Record<string, string[]> = {
    tensorlogic: [process.execPath, import.meta.path, "--child", path],
    safetensors: [options.python, peer, "first", path],
    "safetensors, load_file": [options.python, peer, "load", path],
  };
  const results = Object.keys(commands).map(() => [] as FirstTensor[]);
  for (let round = 0; round < rounds; round++)
    for (const [i, command] of Object.values(commands).entries()) {
      const result = runJson<FirstTensor>(command);
      if (result) results[i]!.push(result);
    }
  const widths = [24, 10, 16, 14, 18];
  console.log(row(["", "open, ms", "first value, ms", "own memory, MB", "most resident, MB"], widths));
  for (const [i, name] of Object.keys(commands).entries()) {
    const values = results[i]!;
    if (values.length === 0) continue;
    const cells = (["openMs", "firstMs", "ownMB", "residentMB"] as const).map((key) => median(values, key));
    console.log(row([name, ...cells], widths));
  }
}

async function benchTypes(folder: string, rounds: number): Promise<void> {
  const path = await makeGGUF(folder, Number(options.elements));
  using weights = (await loadModel(path)) as unknown as Weights;
  console.log(
    `\nGGUF to f16, ${options.elements} elements per type, millions of elements per second: median of ${rounds}`,
  );
  const widths = [10, 12, 12, 8];
  console.log(row(["type", "tensorlogic", "gguf", "ratio"], widths));
  const theirs = runJson<Record<string, number[]>>([options.python, peer, "types", path, String(rounds)]);
  for (const name of weights.tensorNames) {
    const times: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const start = performance.now();
      using tensor = weights.tensor(name);
      // In place, nothing is read until somebody reads it.
      if (tensor.data.length !== Number(options.elements)) throw new Error(`${name}: ${tensor.data.length} elements`);
      if (round > 0) times.push(performance.now() - start);
    }
    const rate = (ms: number) => Number(options.elements) / ms / 1000;
    const own = rate(summarise(times).medianMs);
    const other = theirs?.[name] ? rate(summarise(theirs[name]).medianMs) : undefined;
    const isInPlace = weights.info(name).dtype === "F16";
    const cells = isInPlace
      ? ["in place", other?.toFixed(1) ?? "–", "–"]
      : [own.toFixed(0), other?.toFixed(1) ?? "–", other === undefined ? "–" : `${(own / other).toFixed(0)}×`];
    console.log(row([name, ...cells], widths));
  }
}

if (options.child !== undefined) await measureFirstTensor(options.child);
else {
  const folder = join(cacheFolder(), "bench");
  mkdirSync(folder, { recursive: true });
  warnIfBusy();
  await benchFirstTensor(folder, Number(options.rounds));
  await benchTypes(folder, Number(options.rounds));
}
