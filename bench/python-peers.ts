import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../scripts/setup/paths.ts";
import { ServedPeer } from "./served-peer.ts";

const numpy = "numpy==2.2.6";

/** Pinned, so that two runs of the benchmark compare with the same peer. */
export const pythonPeers = {
  openvino: {
    requirement: "openvino==2026.4.1",
    file: "model.onnx",
    precisions: ["f32", "f16", "bf16"],
    size: "0.3 GB",
  },
  // The index has one wheel for Linux on x64, the one that also brings CUDA.
  pytorch: { requirement: "torch==2.15.0", file: "model.pt", precisions: ["f32", "bf16"], size: "6 GB" },
} as const;
export type PythonPeer = keyof typeof pythonPeers;

/** Starts a Python peer; its packages are installed on first use into an environment in the user's cache. */
export function startPythonPeer(name: PythonPeer, threads: number): ServedPeer {
  const server = join(import.meta.dir, "peer_server.py");
  return new ServedPeer(name, [ensureEnvironment(name), server, name, String(threads)], {
    OMP_NUM_THREADS: String(threads),
    ...(name === "pytorch" ? limitIsa(process.env.TENSORLOGIC_ISA) : {}),
  });
}

/**
 * PyTorch is held back along with our own kernels. ONNX Runtime has no switch for it; OpenVINO's release builds cap
 * oneDNN's kernels but not their own, a mixture that nobody runs (openvinotoolkit/openvino, pull request 38257).
 */
function limitIsa(isa: string | undefined): Record<string, string> {
  if (isa === "avx2") return { ONEDNN_MAX_CPU_ISA: "AVX2", ATEN_CPU_CAPABILITY: "avx2" };
  if (isa === "avx512") return { ONEDNN_MAX_CPU_ISA: "AVX512_CORE", ATEN_CPU_CAPABILITY: "avx512" };
  return {};
}

function ensureEnvironment(name: PythonPeer): string {
  const { requirement, size } = pythonPeers[name];
  const folder = join(cacheFolder(), "peers", requirement.replace("==", "-"));
  const python = join(folder, "bin", "python");
  if (existsSync(python)) return python;
  const host = Bun.which("python3");
  if (!host) throw new Error(`--peers ${name} wants python3 ≥ 3.10 with its venv module on PATH`);
  console.error(`installing ${requirement} (${size} on disk) into ${folder}`);
  // Made under another name, so that an interrupted installation is not taken for a whole one.
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  run([host, "-m", "venv", unfinished]);
  run([
    join(unfinished, "bin", "python"),
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    requirement,
    numpy,
  ]);
  renameSync(unfinished, folder);
  return python;
}

function run(command: string[]): void {
  const { success, stderr } = Bun.spawnSync(command, { stdout: "ignore", stderr: "pipe" });
  if (!success) throw new Error(`${command.join(" ")}: ${stderr.toString().trim()}`);
}
