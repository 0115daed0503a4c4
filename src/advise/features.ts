import type { Feature } from "../schema.ts";
import type { Finding } from "./finding.ts";
import { counted, type Subject } from "./graph.ts";
import { sources } from "./sources.ts";

const list = (features: readonly Feature[]) => features.map(({ name }) => name).join(", ");

/** What crosses the model's edge. */
export function adviseFeatures(subject: Subject): Finding[] {
  return [...adviseWide(subject), ...adviseOutputs(subject)];
}

/** f32 inputs and outputs of a model that computes in f16. */
function adviseWide({ kind, specificationVersion, inputs, outputs, graph }: Subject): Finding[] {
  if (kind !== "mlprogram" || !graph.operations.some(({ dtype }) => dtype === "fp16")) return [];
  const isWide = ({ type, dtype }: Feature) => type === "tensor" && (dtype === "float32" || dtype === "float64");
  const [wideInputs, wideOutputs] = [inputs.filter(isWide), outputs.filter(isWide)];
  const wide = [...wideInputs, ...wideOutputs];
  if (wide.length === 0) return [];
  const target = specificationVersion < 7 ? ", minimum_deployment_target=ct.target.iOS16" : "";
  const lines = [
    ...wideInputs.map(
      ({ name, shape }) => `inputs=[ct.TensorType(name="${name}", shape=(${shape?.join(", ")}), dtype=np.float16)]`,
    ),
    ...wideOutputs.map(({ name }) => `outputs=[ct.TensorType(name="${name}", dtype=np.float16)]`),
  ];
  return [
    {
      rule: "f32-features",
      severity: "note",
      title: `${counted(wide.length, "feature")} of this f16 model are f32: ${list(wide)}.`,
      where: wide.map(({ name }) => name),
      why: "Each run converts and copies them; f16 features can be memory that the caller and the Neural Engine share.",
      fix: `ct.convert(model${target}, ${lines.join(", ")})`,
      source: sources.typedExecution,
    },
  ];
}

/** Results that are no floating-point tensors. */
function adviseOutputs({ kind, outputs }: Subject): Finding[] {
  if (kind !== "mlprogram" && !kind.startsWith("neuralnetwork")) return [];
  const integers = outputs.filter(
    ({ type, dtype }) => type === "tensor" && dtype !== undefined && /^u?int/.test(dtype),
  );
  const labels = outputs.filter(({ type }) => type === "string" || type === "int64" || type === "dictionary");
  const findings: Finding[] = [];
  if (integers.length > 0) {
    findings.push({
      rule: "integer-outputs",
      severity: "note",
      title: `Integer results: ${list(integers)}.`,
      where: integers.map(({ name }) => name),
      why: "The Neural Engine computes in f16; the operations that make integers (argmax, top-k, casts) run elsewhere, at the end of the model.",
      fix: "# give out the scores and take tensor.argmax() or tensor.topK(k) of them, which run natively",
    });
  }
  if (labels.length > 0) {
    findings.push({
      rule: "label-outputs",
      severity: "note",
      title: `The model makes class labels itself: ${list(labels)}.`,
      where: labels.map(({ name }) => name),
      why: "Labels and dictionaries are made on the CPU in each run, an entry per class. It costs little for a thousand classes; where every microsecond counts, take the scores.",
      fix: "ct.convert(model, ...)  # without classifier_config; labels stay in your program",
    });
  }
  return findings;
}
