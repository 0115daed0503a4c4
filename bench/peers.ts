/**
 * Compares tensorlogic (f16 ML program) with ONNX Runtime (f32) on the same networks, in one process, in turns.
 *
 *   bun bench/peers.ts [NETWORKS_DIR] [NAME…] [--rounds N] [--threads N] [--only tensorlogic|onnxruntime] [--json FILE]
 *
 * NETWORKS_DIR holds NAME/model.mlpackage and NAME/model.onnx; bench/make_networks.py makes it. See bench/README.md.
 */
import { existsSync, readdirSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder } from "../scripts/setup/paths.ts";
import { type DType, type Feature, loadModel, Tensor } from "../src/index.ts";
import { type Feed, openOnnx } from "./onnxruntime.ts";
import { type Contender, interleave, row, warnIfBusy } from "./timing.ts";

const { values: options, positionals } = parseArgs({
  args: Bun.argv.slice(2),
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "31" },
    threads: { type: "string", default: "2" },
    only: { type: "string" },
    json: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const threads = Number(options.threads);
if (!(Number.isInteger(rounds) && rounds > 0 && Number.isInteger(threads) && threads > 0)) {
  console.error(`--rounds and --threads want whole numbers above 0, got ${options.rounds} and ${options.threads}`);
  process.exit(2);
}

if (options.only !== undefined && !["tensorlogic", "onnxruntime"].includes(options.only)) {
  console.error(`--only wants tensorlogic or onnxruntime, got ${options.only}`);
  process.exit(2);
}

// The pool's size is read once, when the library loads, from the environment that the process was started with.
if (process.env.TENSORLOGIC_THREADS !== String(threads)) {
  const again = Bun.spawnSync([process.execPath, ...process.execArgv, import.meta.path, ...Bun.argv.slice(2)], {
    env: { ...process.env, TENSORLOGIC_THREADS: String(threads) },
    stdio: ["inherit", "inherit", "inherit"],
  });
  process.exit(again.exitCode);
}

interface TensorFeature {
  name: string;
  shape: readonly number[];
  dtype: DType;
}

function tensorFeature({ name, type, shape, dtype }: Feature): TensorFeature {
  if (!shape || !dtype) throw new Error(`feature ${name} is a ${type}; the comparison wants tensors of fixed shape`);
  return { name, shape, dtype };
}

/** The networks make batch norm statistics from normal noise, so that is what they are fed; token ids stay inside every vocabulary. */
function makeFeed(input: TensorFeature): Feed {
  const count = input.shape.reduce((a, b) => a * b, 1);
  if (input.dtype === "int32") {
    const data = Int32Array.from({ length: count }, (_, i) =>
      input.name.includes("mask") ? 1 : 1000 + ((i * 7919) % 20000),
    );
    return { name: input.name, shape: input.shape, data };
  }
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const data = Float32Array.from({ length: count }, () =>
    Math.fround(Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())),
  );
  return { name: input.name, shape: input.shape, data: Float32Array.from(Float16Array.from(data)) };
}

/** Largest difference over the largest value: a fast wrong answer must not look like a win. */
function relativeError(got: Float32Array, want: Float32Array): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < want.length; i++) {
    difference = Math.max(difference, Math.abs(got[i]! - want[i]!));
    scale = Math.max(scale, Math.abs(want[i]!));
  }
  return Number.isFinite(difference) ? difference / scale : Number.POSITIVE_INFINITY;
}

const maxRelativeError = 2e-2;

async function compare(folder: string) {
  using model = await loadModel(join(folder, "model.mlpackage"));
  const inputFeatures = model.inputs.map(tensorFeature);
  const [outputFeature, ...others] = model.outputs.map(tensorFeature);
  if (!outputFeature || others.length > 0) throw new Error(`${folder}: ${model.outputs.length} outputs, expected one`);
  const feeds = inputFeatures.map(makeFeed);
  const inputs = inputFeatures.map(({ name, shape, dtype }, i) => [name, Tensor.from(feeds[i]!.data, shape, dtype)]);
  const output = Tensor.zeros(outputFeature.shape, outputFeature.dtype);
  using request = model.bind(Object.fromEntries(inputs), { [outputFeature.name]: output });
  const ours: Contender = { name: "tensorlogic", run: () => request.run() };
  const onnx = await openOnnx(join(folder, "model.onnx"), feeds, threads);
  request.run();
  const error = relativeError(output.toFloat32(), await onnx.output());
  const contenders = [ours, onnx].filter(({ name }) => options.only === undefined || options.only === name);
  const samples = await interleave(contenders, rounds);
  const timesOf = (name: string) => samples[contenders.findIndex((contender) => contender.name === name)];
  return { error, tensorlogic: timesOf("tensorlogic"), onnxruntime: timesOf("onnxruntime") };
}

const folder = resolve(positionals[0] ?? join(cacheFolder(), "bench"));
const isNetwork = (name: string) =>
  existsSync(join(folder, name, "model.mlpackage")) && existsSync(join(folder, name, "model.onnx"));
const names =
  positionals.length > 1
    ? positionals.slice(1)
    : existsSync(folder)
      ? readdirSync(folder).filter(isNetwork).sort()
      : [];
const missing = names.filter((name) => !isNetwork(name));
if (names.length === 0 || missing.length > 0) {
  console.error(
    `${folder}: no network ${missing.join(", ") || "there"} (NAME/model.mlpackage and NAME/model.onnx); bench/README.md says how to make them`,
  );
  process.exit(1);
}

warnIfBusy();
console.log(`${cpus()[0]!.model.trim()}, ${threads} threads, ${rounds} rounds in turns, ms: median (minimum)\n`);
const widths = [Math.max(...names.map((n) => n.length)), 18, 18, 6, 9];
console.log(row(["network", "tensorlogic f16", "onnxruntime f32", "ratio", "rel error"], widths));
const results: Record<string, unknown> = {};
let isWrong = false;
for (const name of names) {
  const { error, tensorlogic, onnxruntime } = await compare(join(folder, name));
  const cell = (s?: { medianMs: number; minMs: number }) =>
    s ? `${s.medianMs.toFixed(2)} (${s.minMs.toFixed(2)})` : "-";
  const ratio = tensorlogic && onnxruntime ? tensorlogic.medianMs / onnxruntime.medianMs : undefined;
  results[name] = { tensorlogic, onnxruntime, ratio, relativeError: error };
  if (!(error <= maxRelativeError)) isWrong = true;
  console.log(
    row([name, cell(tensorlogic), cell(onnxruntime), ratio?.toFixed(2) ?? "-", error.toExponential(1)], widths),
  );
}
if (options.json)
  await Bun.write(
    options.json,
    `${JSON.stringify({ threads, rounds, cpu: cpus()[0]!.model.trim(), results }, null, 2)}\n`,
  );
if (isWrong) {
  console.error(
    `\na network's outputs differ by more than ${maxRelativeError} of the largest value: its times mean nothing`,
  );
  process.exit(1);
}
