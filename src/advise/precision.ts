import type { Finding } from "./finding.ts";
import { type Graph, namesOf, type Operation, type Subject, tally } from "./graph.ts";
import { sources } from "./sources.ts";

const products = new Set(["conv", "conv_transpose", "linear", "matmul", "einsum"]);
/** coremltools leaves them in f32; a rule of its own is about them. */
const recurrent = new Set(["lstm", "gru", "rnn"]);

/** Operations that compute in f32, which the Neural Engine does not. */
export function advisePrecision({ kind, inputs, graph }: Subject): Finding[] {
  // What a neural network computes in is Core ML's choice.
  if (kind !== "mlprogram") return [];
  const computing = graph.operations.filter(
    (operation) =>
      operation.isFloat && !operation.isConstant && !["cast", "classify", "identity"].includes(operation.type),
  );
  const wide = computing.filter(({ dtype }) => dtype === "fp32");
  if (wide.length === 0) return [];
  if (wide.length === computing.length) {
    return [
      {
        rule: "f32-precision",
        severity: "critical",
        title:
          wide.length === 1 ? "The only operation computes in f32." : `All ${wide.length} operations compute in f32.`,
        where: [],
        why: "The Neural Engine computes in f16; operations in f32 run on the GPU or the CPU.",
        fix: 'ct.convert(model, convert_to="mlprogram", compute_precision=ct.precision.FLOAT16)',
        source: sources.typedExecution,
      },
    ];
  }
  const others = wide.filter(({ type }) => !recurrent.has(type));
  if (others.length === 0) return [];
  const head = imageHead(
    graph,
    inputs.filter(({ type }) => type === "image").map(({ name }) => name),
  );
  const isHead = others.every((operation) => head.has(operation));
  if (isHead) {
    return [
      {
        rule: "f32-image-scaling",
        severity: "note",
        title: `The image's scale and bias (${tally(others)}) are applied in f32.`,
        where: namesOf(others),
        why: "coremltools puts the scale and bias of an ImageType in front of the conversion to f16. It is little work, but not on the Neural Engine.",
        fix: "# fold them into the first layer:\nconv.bias.data += (conv.weight * bias.view(1, -1, 1, 1)).sum((1, 2, 3)); conv.weight.data *= scale  # exact without padding\nct.ImageType(name=..., shape=...)  # without scale and bias",
        source: sources.imageInputs,
      },
    ];
  }
  const heavy = others.some(({ type }) => products.has(type)) || others.length > computing.length / 20;
  return [
    {
      rule: "f32-operations",
      severity: heavy ? "warning" : "note",
      title: `${others.length} of ${computing.length} operations ${others.length === 1 ? "computes" : "compute"} in f32: ${tally(others)}.`,
      where: namesOf(others),
      why: "Each of them leaves the Neural Engine and needs a conversion before and after it.",
      fix: "ct.convert(model, compute_precision=ct.precision.FLOAT16)  # without op_selector; `advise MODEL --random` says which of them f16 would hurt",
      source: sources.typedExecution,
    },
  ];
}

/** Elementwise operations between an image input and the first conversion or product. */
function imageHead(graph: Graph, images: readonly string[]): Set<Operation> {
  const values = new Set(images);
  const head = new Set<Operation>();
  for (const operation of graph.operations) {
    if (!["mul", "add", "sub", "real_div"].includes(operation.type)) continue;
    if (!operation.operands.some(({ name }) => name !== undefined && values.has(name))) continue;
    head.add(operation);
    for (const { name } of operation.outputs) values.add(name);
  }
  return head;
}
