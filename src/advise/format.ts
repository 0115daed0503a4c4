import type { Finding } from "./finding.ts";
import type { Subject } from "./graph.ts";
import { sources } from "./sources.ts";

/** The kind of model in the file. */
export function adviseFormat({ kind }: Subject): Finding[] {
  if (kind === "mlprogram") return [];
  if (kind.startsWith("neuralnetwork")) {
    return [
      {
        rule: "neural-network-format",
        severity: "warning",
        title: `The model is a ${kind}, the format before ML programs.`,
        where: [],
        why: "New operations, typed f16 execution, weight compression and states exist for ML programs only, and Core ML itself chooses the precision of a neural network.",
        fix: 'ct.convert(model, convert_to="mlprogram", compute_precision=ct.precision.FLOAT16)',
        source: sources.mlPrograms,
      },
    ];
  }
  const isPipeline = kind.startsWith("pipeline");
  return [
    {
      rule: "not-a-network",
      severity: "note",
      title: isPipeline
        ? "The model is a pipeline; its stages were not examined."
        : `The model is a ${kind}, which Core ML runs on the CPU.`,
      where: [],
      why: isPipeline
        ? "Advice is about the operations of one network; each stage of a pipeline is a model of its own."
        : "Only networks have operations that the Neural Engine could run.",
      fix: isPipeline
        ? 'ct.models.MLModel("pipeline.mlpackage").get_spec().pipeline.models  # save each and advise on it'
        : "# nothing to change",
    },
  ];
}
