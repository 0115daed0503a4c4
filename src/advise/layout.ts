import type { Finding } from "./finding.ts";
import { counted, namesOf, type Operation, type Subject } from "./graph.ts";
import { sources } from "./sources.ts";

const alignment = 64;
/** Below this, padding is lost in the noise. */
const worthwhileBytes = 1 << 20;
const worthwhileFactor = 4;

interface Padding {
  operation: Operation;
  bytes: number;
  padded: number;
}

const widths: Readonly<Record<string, number>> = { fp16: 2, fp32: 4, int8: 1, uint8: 1, bool: 1, int16: 2, uint16: 2 };

function paddingOf(operation: Operation): Padding | undefined {
  const { shape, dtype, elementCount } = operation;
  const last = shape.at(-1);
  // Vectors are one row: at most 63 bytes are lost.
  if (shape.length < 3 || elementCount === undefined || !last) return undefined;
  const width = widths[dtype] ?? 4;
  const rows = elementCount / last;
  const padded = rows * Math.ceil((last * width) / alignment) * alignment;
  return { operation, bytes: elementCount * width, padded };
}

/** How tensors lie in the Neural Engine's memory. */
export function adviseLayout(subject: Subject): Finding[] {
  return [...adviseLastAxis(subject), ...adviseChannelsLast(subject)];
}

function adviseLastAxis({ graph }: Subject): Finding[] {
  const wasted = graph.operations
    .filter(({ isConstant }) => !isConstant)
    .flatMap((operation) => paddingOf(operation) ?? [])
    .filter(({ bytes, padded }) => padded / bytes >= worthwhileFactor && padded - bytes >= worthwhileBytes)
    .sort((a, b) => b.padded - b.bytes - (a.padded - a.bytes));
  const worst = wasted[0];
  if (!worst) return [];
  const { operation, bytes, padded } = worst;
  const factor = Math.round(padded / bytes);
  return [
    {
      rule: "last-axis-padding",
      severity: "warning",
      title: `${counted(wasted.length, "tensor", ["has", "have"])} a short last axis, the worst ${operation.name} [${operation.shape.join(", ")}]: ${megabytes(bytes)} take ${megabytes(padded)}, ${factor} times as much.`,
      where: namesOf(wasted.map((entry) => entry.operation)),
      why: "The Neural Engine pads the last axis of a tensor to 64 bytes (32 numbers in f16).",
      fix: "x.transpose(-1, -2)  # a long axis last: (batch, channels, 1, length) instead of (batch, length, channels, 1)",
      source: sources.aneTransformers,
    },
  ];
}

/** Transformers as they are usually written. */
function adviseChannelsLast({ graph }: Subject): Finding[] {
  const linears = graph.ofType("linear").filter(({ shape }) => shape.length === 3);
  // A head or two are no transformer.
  if (linears.length < 8) return [];
  return [
    {
      rule: "channels-last",
      severity: "note",
      title: `${counted(linears.length, "linear layer")} work on (batch, length, channels).`,
      where: namesOf(linears),
      why: "The Neural Engine's own order is (batch, channels, 1, length) with 1×1 convolutions; Apple measured up to ten times the speed for a transformer that is written so.",
      fix: "nn.Conv2d(channels, outputs, 1)  # for nn.Linear, with x as (batch, channels, 1, length); see apple/ml-ane-transformers",
      source: sources.aneTransformers,
    },
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toPrecision(2)} MB`;
}
