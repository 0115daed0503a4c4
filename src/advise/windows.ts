import type { Finding } from "./finding.ts";
import { counted, namesOf, type Operation, type Subject } from "./graph.ts";
import { sources } from "./sources.ts";

/** Largest pooling window and step of the Neural Engine, as Core ML's log said in 2020. */
const poolingLimits = { window: 13, stride: 2 } as const;

/** Convolutions and poolings with windows that are unusual. */
export function adviseWindows({ graph }: Subject): Finding[] {
  return [
    ...adviseDilation(graph.ofType("conv", "conv_transpose")),
    ...advisePooling(graph.ofType("max_pool", "avg_pool", "l2_pool")),
  ];
}

function adviseDilation(convolutions: readonly Operation[]): Finding[] {
  const dilated = convolutions.filter((operation) => operation.numbers("dilations")?.some((size) => size > 1));
  if (dilated.length === 0) return [];
  const factors = [...new Set(dilated.map((operation) => operation.numbers("dilations")!.join("×")))];
  return [
    {
      rule: "dilation",
      severity: "note",
      title: `${counted(dilated.length, "convolution", ["is", "are"])} dilated (${factors.join(", ")}).`,
      where: namesOf(dilated),
      why: "Dilated convolutions were seen to run outside of the Neural Engine.",
      fix: "# two undilated 3×3 convolutions see as far as one dilated by 2; check with model.computePlan() on a Mac",
      source: sources.unsupportedLayers,
    },
  ];
}

function advisePooling(pools: readonly Operation[]): Finding[] {
  const isOutside = (operation: Operation) =>
    (operation.numbers("kernel_sizes") ?? []).some((size) => size > poolingLimits.window) ||
    (operation.numbers("strides") ?? []).some((size) => size > poolingLimits.stride);
  const outside = pools.filter(isOutside);
  if (outside.length === 0) return [];
  const sizes = outside.map(
    (operation) =>
      `${operation.numbers("kernel_sizes")?.join("×")} step ${(operation.numbers("strides") ?? [1]).join("×")}`,
  );
  return [
    {
      rule: "pooling-window",
      severity: "note",
      title: `${counted(outside.length, "pooling")} with a window beyond ${poolingLimits.window} or a step beyond ${poolingLimits.stride}: ${[...new Set(sizes)].join(", ")}.`,
      where: namesOf(outside),
      why: "Core ML refused such windows on the Neural Engine.",
      fix: "x.mean((2, 3), keepdim=True)  # for global pooling; else several smaller poolings one after the other",
      source: sources.poolingLimits,
    },
  ];
}
