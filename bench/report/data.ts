import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Profile } from "../../src/index.ts";
import type { MachinePeak } from "../../src/native/runtime.ts";
import type { LoadResult } from "../load.ts";
import type { PeerResult } from "../peers.ts";
import type { Recorded } from "../record.ts";
import type { Growth } from "../scaling/growth.ts";
import type { ThreadsResult } from "../scaling/threads.ts";
import type { Samples } from "../timing.ts";

export type Peers = Recorded<{ rounds: number; networks: Record<string, PeerResult[]> }>;
export type Scaling = Recorded<{ rounds: number; growths: Growth[]; threads: ThreadsResult[] }>;
export type Load = Recorded<{ rounds: number; busy: number; networks: Record<string, LoadResult[]> }>;
export type Calls = Recorded<{ rounds: number; calls: (Samples & { name: string })[] }>;
export type Profiled = Recorded<Profile & { network: string; peak: MachinePeak }>;

/** Memory in KiB, weights in bytes. */
type Process = Samples & { cpuMs: number; peak: number; own: number; file: number };
export type Start = Recorded<{
  rounds: number;
  networks: Record<string, Record<"nothing" | "tensorlogic" | "onnxruntime", Process> & { weights: number }>;
}>;

/** What the benches wrote; what was not run is absent. */
export interface Figures {
  peers?: Peers;
  "peers-avx512"?: Peers;
  "peers-avx2"?: Peers;
  scaling?: Scaling;
  load?: Load;
  ffi?: Calls;
  start?: Start;
  profile?: Profiled;
}

const names = ["peers", "peers-avx512", "peers-avx2", "scaling", "load", "ffi", "start", "profile"] as const;

export function readFigures(folder: string): Figures {
  const found = names.flatMap((name) => {
    const path = join(folder, `${name}.json`);
    return existsSync(path) ? [[name, JSON.parse(readFileSync(path, "utf8"))]] : [];
  });
  return Object.fromEntries(found) as Figures;
}

export function peerOf(peers: Peers | undefined, network: string, engine: string): PeerResult | undefined {
  return peers?.networks[network]?.find((result) => result.engine === engine);
}

/** Median of the first over median of the second, where both were timed. */
export function ratio(ours: PeerResult | undefined, theirs: PeerResult | undefined): number | undefined {
  return ours?.medianMs !== undefined && theirs?.medianMs !== undefined ? ours.medianMs / theirs.medianMs : undefined;
}
