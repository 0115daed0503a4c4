import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../scripts/setup/paths.ts";
import type { Feed } from "./network.ts";
import type { Contender } from "./timing.ts";

const version = "1.30.0";

/** What is used of onnxruntime-node; its own types are not there before it is installed. */
interface OnnxRuntime {
  InferenceSession: { create(path: string, options: object): Promise<Session> };
  Tensor: new (type: string, data: ArrayBufferView, shape: readonly number[]) => { data: ArrayBufferView };
}
interface Session {
  outputNames: string[];
  run(feeds: object): Promise<Record<string, { data: Float32Array }>>;
  release(): Promise<void>;
}

/** Loads onnxruntime-node, installed on first use into the user's cache: the package itself must not depend on it. */
async function load(): Promise<OnnxRuntime> {
  const folder = join(cacheFolder(), "peers", `onnxruntime-node-${version}`);
  const entry = join(folder, "node_modules", "onnxruntime-node");
  if (!existsSync(join(entry, "package.json"))) {
    mkdirSync(folder, { recursive: true });
    await Bun.write(join(folder, "package.json"), "{}\n");
    console.error(`installing onnxruntime-node ${version} into ${folder}`);
    // --ignore-scripts: its postinstall would fetch CUDA libraries; the CPU library is in the package.
    const add = Bun.spawnSync([process.execPath, "add", "--ignore-scripts", `onnxruntime-node@${version}`], {
      cwd: folder,
      stderr: "pipe",
    });
    if (!add.success) throw new Error(`cannot install onnxruntime-node ${version}: ${add.stderr.toString().trim()}`);
  }
  return import(entry);
}

export async function openOnnx(
  path: string,
  feeds: readonly Feed[],
  threads: number,
): Promise<Contender & { output(): Promise<Float32Array>; close(): Promise<void> }> {
  const ort = await load();
  const session = await ort.InferenceSession.create(path, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const inputs = Object.fromEntries(
    feeds.map((f) => [f.name, new ort.Tensor(f.data instanceof Int32Array ? "int32" : "float32", f.data, f.shape)]),
  );
  return {
    name: "onnxruntime f32",
    run: () => session.run(inputs),
    output: async () => (await session.run(inputs))[session.outputNames[0]!]!.data,
    close: () => session.release(),
  };
}
