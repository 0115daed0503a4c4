import { formatFeatureShape } from "../features.ts";
import type { Feature } from "../schema.ts";
import { formatShape } from "../shape.ts";
import type { Finding } from "./finding.ts";
import { counted, namesOf, type Subject, tally } from "./graph.ts";
import { sources } from "./sources.ts";

/** Sizes: batch, flexible shapes, ranks. */
export function adviseShapes(subject: Subject): Finding[] {
  return [...subject.inputs.flatMap(adviseBatch), ...subject.inputs.flatMap(adviseFlexible), ...adviseRanks(subject)];
}

function adviseBatch({ name, type, shape }: Feature): Finding[] {
  const batch = shape?.[0] ?? 1;
  // The first axis of fewer than four is as often a length as a batch.
  if (type !== "tensor" || !shape || shape.length < 4 || batch <= 1) return [];
  return [
    {
      rule: "batch",
      severity: "warning",
      title: `Input ${name} is a batch of ${batch}: ${formatShape(shape)}.`,
      where: [name],
      why: "The Neural Engine is built for one item at a time; with more, Core ML may choose the GPU.",
      fix: `ct.TensorType(name="${name}", shape=(${[1, ...shape.slice(1)].join(", ")}))  # and model.predictBatch`,
    },
  ];
}

function adviseFlexible(feature: Feature): Finding[] {
  const { name, type, flexible } = feature;
  if (!flexible) return [];
  const spelled = type === "image" ? "ct.ImageType" : "ct.TensorType";
  const sizes = type === "image" ? [1, 3, feature.height ?? 0, feature.width ?? 0] : (feature.shape ?? []);
  const shape = `(${sizes.join(", ")}${sizes.length === 1 ? "," : ""})`;
  if ("enumerated" in flexible) {
    if (flexible.enumerated.length < 2) return [];
    return [
      {
        rule: "enumerated-shapes",
        severity: "note",
        title: `Input ${name} takes ${flexible.enumerated.length} shapes: ${formatFeatureShape(feature)}.`,
        where: [name],
        why: "Each of them can run on the Neural Engine, but each is compiled for it: loading takes longer with every shape.",
        fix: `${spelled}(name="${name}", shape=${shape})  # where one shape is enough`,
        source: sources.flexibleInputs,
      },
    ];
  }
  if (flexible.ranges.every(([lower, upper]) => lower === upper)) return [];
  const isUnbounded = flexible.ranges.some(([, upper]) => upper === null);
  const ranges = flexible.ranges.map(([lower, upper]) => (lower === upper ? `${lower}` : `${lower}…${upper ?? ""}`));
  return [
    {
      rule: "range-shapes",
      severity: "warning",
      title: `Input ${name} takes a range of shapes: ${type === "image" ? "height, width " : ""}[${ranges.join(", ")}].`,
      where: [name],
      why: `Of a range, only the default shape runs on the Neural Engine, all others on the GPU or the CPU${isUnbounded ? "; a range without an end leaves even less to be optimised" : ""}.`,
      fix: `${spelled}(name="${name}", shape=${shape})  # one shape, or those that occur:\n${spelled}(name="${name}", shape=ct.EnumeratedShapes(shapes=[${shape}, ...], default=${shape}))`,
      source: sources.rangeShapes,
    },
  ];
}

function adviseRanks({ graph }: Subject): Finding[] {
  const high = graph.operations.filter(({ shape, isConstant }) => shape.length > 5 && !isConstant);
  if (high.length === 0) return [];
  return [
    {
      rule: "rank",
      severity: "warning",
      title: `${counted(high.length, "operation", ["gives", "give"])} tensors of more than five axes: ${tally(high)}.`,
      where: namesOf(high),
      why: "Core ML's arrays have at most five axes and the Neural Engine works on four (batch, channels, height, width).",
      fix: "# reshape, transpose, reshape over three or four axes at a time; for pixel shuffles: torch.nn.PixelShuffle (MIL pixel_shuffle)",
      source: sources.aneTransformers,
    },
  ];
}
