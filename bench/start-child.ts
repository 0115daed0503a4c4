/**
 * A process of bench/start.ts: prints a line at its first result, and after five more its memory in KiB.
 *
 *   bun bench/start-child.ts nothing|library|tensorlogic|onnxruntime [FOLDER FEATURES THREADS]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DType } from "../src/index.ts";
import type { Features } from "./start.ts";

const [contender, folder = "", features = "{}", threads = "2"] = Bun.argv.slice(2);
const { inputs = [], outputs = [] }: Partial<Features> = JSON.parse(features);

const contenders: Record<string, () => Promise<() => unknown>> = {
  nothing: async () => () => {},
  library: async () => {
    const { describeRuntime } = await import("../src/index.ts");
    return () => describeRuntime();
  },
  tensorlogic: async () => {
    const { loadModel, Tensor } = await import("../src/index.ts");
    const model = await loadModel(join(folder, "model.mlpackage"));
    const tensors = (wanted: Features["inputs"]) =>
      Object.fromEntries(wanted.map(({ name, shape, dtype }) => [name, Tensor.zeros(shape, dtype as DType)]));
    const request = model.bind(tensors(inputs), tensors(outputs));
    return () => request.run();
  },
  onnxruntime: async () => {
    const { openOnnx } = await import("./onnxruntime.ts");
    const feeds = inputs.map(({ name, shape, dtype }) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return { name, shape, data: dtype === "int32" ? new Int32Array(count) : new Float32Array(count) };
    });
    const session = await openOnnx(join(folder, "model.onnx"), feeds, Number(threads));
    return () => session.run();
  },
};

const run = await contenders[contender!]!();
await run();
process.stdout.write("result\n");
for (let i = 0; i < 5; i++) await run();
const status = readFileSync("/proc/self/status", "utf8");
const kibibytes = (field: string) => Number(status.match(new RegExp(`^${field}:\\s+(\\d+)`, "m"))?.[1]);
process.stdout.write(
  `${JSON.stringify({ peak: kibibytes("VmHWM"), own: kibibytes("RssAnon"), file: kibibytes("RssFile") })}\n`,
);
process.exit(0);
