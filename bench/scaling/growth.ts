import { join } from "node:path";
import type { Profile } from "../../src/index.ts";
import { type OpenNetwork, openNetwork } from "../network.ts";
import { openOnnx } from "../onnxruntime.ts";
import { type Contender, interleave, type Samples } from "../timing.ts";

export interface Study {
  network: string;
  axis: "batch" | "side" | "sequence";
  sizes: readonly number[];
  shapes(size: number): Readonly<Record<string, readonly number[]>>;
}

const batches = [1, 2, 4, 8, 16, 32];
const sides = [128, 224, 256, 384, 512, 768, 1024];
const pictures = (batch: number, side: number) => ({ x: [batch, 3, side, side] });

export const growths: readonly Study[] = [
  { network: "resnet50", axis: "batch", sizes: batches, shapes: (batch) => pictures(batch, 224) },
  { network: "mobilenet_v2", axis: "batch", sizes: batches, shapes: (batch) => pictures(batch, 224) },
  { network: "resnet50", axis: "side", sizes: sides, shapes: (side) => pictures(1, side) },
  { network: "mobilenet_v2", axis: "side", sizes: sides, shapes: (side) => pictures(1, side) },
  {
    network: "minilm_l6_v2",
    axis: "sequence",
    sizes: [16, 32, 64, 128, 256, 512, 1024],
    shapes: (length) => ({ input_ids: [1, length], attention_mask: [1, length] }),
  },
];

export interface Point {
  size: number;
  /** The unit of work: a sequence's attention grows with its square, so tokens would be none. */
  gflop: number;
  ours: Samples;
  onnxruntime?: Samples;
}

/** One operation's share in what a size costs more than the smaller size of the least cost. */
export interface Excess {
  operation: string;
  kernel: string;
  excessMs: number;
  atSize: number;
  ofSize: number;
}

export interface Growth {
  network: string;
  axis: Study["axis"];
  points: Point[];
  /** Where time per unit of work rises by more than 15 %. */
  excess: Excess[];
}

export async function measureGrowth(folder: string, study: Study, rounds: number, hasPeer: boolean): Promise<Growth> {
  const open: OpenNetwork[] = [];
  const peers: Awaited<ReturnType<typeof openOnnx>>[] = [];
  try {
    for (const size of study.sizes) {
      const ours = await openNetwork(folder, { shapes: study.shapes(size) });
      open.push(ours);
      if (hasPeer) peers.push(await openOnnx(join(folder, "model.onnx"), ours.feeds, 2));
    }
    const profiles = open.map(({ model, inputs }) => model.profile(inputs, { repeat: 5 }));
    const contenders: Contender[] = open.flatMap((ours, i) => (hasPeer ? [ours, peers[i]!] : [ours]));
    const samples = await interleave(contenders, rounds);
    const points = study.sizes.map((size, i): Point => {
      const gflop = profiles[i]!.operations.reduce((sum, { flops }) => sum + flops, 0) / 1e9;
      const [ours, onnxruntime] = hasPeer ? [samples[2 * i]!, samples[2 * i + 1]!] : [samples[i]!];
      return onnxruntime ? { size, gflop, ours, onnxruntime } : { size, gflop, ours };
    });
    const result: Growth = { network: study.network, axis: study.axis, points, excess: [] };
    if (highestRise(result) > maxRise) result.excess = explain(points, profiles);
    return result;
  } finally {
    for (const ours of open) ours[Symbol.dispose]();
    for (const peer of peers) await peer.close();
  }
}

export const maxRise = 0.15;
const cost = ({ ours, gflop }: Point) => ours.medianMs / gflop;

/** The most that any size costs more, per unit of work, than a smaller one; 0.15 is 15 %. */
export function highestRise({ points }: Pick<Growth, "points">): number {
  let least = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (const point of points) {
    highest = Math.max(highest, cost(point) / least - 1);
    least = Math.min(least, cost(point));
  }
  return highest;
}

/** Of the size that costs most over a smaller one: the operations that take more than their work has grown by. */
function explain(points: readonly Point[], profiles: readonly Profile[]): Excess[] {
  let worst = { at: 0, of: 0, rise: 0 };
  for (const at of points.keys())
    for (let of = 0; of < at; of++) {
      const rise = cost(points[at]!) / cost(points[of]!) - 1;
      if (rise > worst.rise) worst = { at, of, rise };
    }
  const { at, of } = worst;
  const growth = points[at]!.gflop / points[of]!.gflop;
  const before = new Map(profiles[of]!.operations.map((step) => [step.operation, step.minMs]));
  return profiles[at]!.operations.map(({ operation, kernel, type, minMs }) => ({
    operation,
    kernel: kernel || type,
    excessMs: minMs - (before.get(operation) ?? 0) * growth,
    atSize: points[at]!.size,
    ofSize: points[of]!.size,
  }))
    .toSorted((a, b) => b.excessMs - a.excessMs)
    .slice(0, 8);
}
