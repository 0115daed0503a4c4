import type { Finding, Severity, Source } from "./finding.ts";
import { counted, namesOf, type Subject, tally } from "./graph.ts";
import { sources } from "./sources.ts";

/** Operations that are known to run well on the Neural Engine: the guide's list, and what Apple's reference transformers and CNNs are made of. */
const fast = new Set(
  `conv conv_transpose linear matmul einsum max_pool avg_pool batch_norm layer_norm instance_norm
  relu relu6 leaky_relu prelu gelu sigmoid sigmoid_hard silu tanh softmax clip elu softplus
  add sub mul real_div maximum minimum square sqrt rsqrt exp pow abs
  reduce_mean reduce_sum reduce_max reduce_min reduce_sum_square reduce_l2_norm l2_norm
  concat split stack reshape transpose expand_dims squeeze slice_by_index slice_by_size pad tile
  upsample_nearest_neighbor upsample_bilinear resize_bilinear resize_nearest_neighbor pixel_shuffle pixel_unshuffle
  depth_to_space space_to_depth scaled_dot_product_attention read_state write_state coreml_update_state
  cast classify identity shape`.split(/\s+/),
);

interface Family {
  rule: string;
  types: readonly string[];
  severity: Severity;
  title: string;
  why: string;
  fix: string;
  source?: Source;
}

const families: readonly Family[] = [
  {
    rule: "recurrent",
    types: ["lstm", "gru", "rnn"],
    severity: "warning",
    title: "Recurrent layers",
    why: "They run on the CPU, in f32: each step waits for the one before it.",
    fix: "# a causal convolution or attention over the sequence where the task allows; else keep the recurrent part small and in a model of its own",
    source: sources.recurrentOnCpu,
  },
  {
    rule: "control-flow",
    types: ["while_loop", "cond"],
    severity: "warning",
    title: "Control flow",
    why: "The condition is read on the CPU, so that the model is cut into pieces at every round.",
    fix: "torch.jit.trace(model, example)  # instead of torch.jit.script: traced loops are unrolled; or run one step per prediction, with state",
    source: sources.unsupportedLayers,
  },
  {
    rule: "lists",
    types: ["make_list", "list_length", "list_read", "list_write", "list_gather", "list_scatter"],
    severity: "warning",
    title: "Lists",
    why: "Lists of tensors come from converted loops and exist on the CPU only.",
    fix: "# write the loop over a tensor with a fixed number of steps, so that it can be unrolled",
  },
  {
    rule: "data-dependent",
    types: ["non_zero", "non_maximum_suppression", "range_1d", "fill", "crop_resize", "crop"],
    severity: "note",
    title: "Operations whose result depends on more than shapes",
    why: "Sizes or places that only a run knows cannot be compiled for the Neural Engine.",
    fix: "# fixed sizes: keep the top k instead of all non-zero; suppress boxes after the model, in your program",
  },
  {
    rule: "sorting",
    types: ["topk", "argsort", "reduce_argmax", "reduce_argmin", "cumsum", "one_hot"],
    severity: "note",
    title: "Sorting, searching and running sums",
    why: "They are not on the list of operations that the Neural Engine runs fast, and give integers, which it does not compute with.",
    fix: "# give out the scores; tensor.argmax() and tensor.topK(k) run natively on them",
  },
  {
    rule: "scatter",
    types: ["scatter", "scatter_along_axis", "scatter_nd"],
    severity: "warning",
    title: "Scatters",
    why: "Writing at computed places runs on the CPU or the GPU.",
    fix: "# torch.where(mask, new, old) with a mask, or concat of the parts",
    source: sources.unsupportedLayers,
  },
  {
    rule: "random",
    types: ["random_bernoulli", "random_categorical", "random_normal", "random_uniform"],
    severity: "note",
    title: "Random numbers",
    why: "They are made on the CPU, and differ from run to run.",
    fix: 'ct.TensorType(name="noise", shape=...)  # give them in',
  },
  {
    rule: "activation-quantization",
    types: ["quantize", "dequantize"],
    severity: "note",
    title: "Activations in 8 bits",
    why: "Only newer chips (A17 Pro, M4) compute faster with them; on others they are extra work.",
    fix: "# coremltools.optimize: compress weights only where older devices count",
    source: {
      title: "coremltools guide, Quantization: Performance",
      url: "https://apple.github.io/coremltools/docs-guides/source/opt-quantization-perf.html",
    },
  },
];

const known = new Set(families.flatMap(({ types }) => types));

/** Operations by what is known of them. Gathers and windows have rules of their own. */
export function adviseOperations({ kind, graph }: Subject): Finding[] {
  const found = families.flatMap(({ rule, types, severity, title, why, fix, source }): Finding[] => {
    const operations = graph.ofType(...types);
    if (operations.length === 0) return [];
    return [
      {
        rule,
        severity,
        title: `${title}: ${tally(operations)}.`,
        where: namesOf(operations),
        why,
        fix,
        ...(source ? { source } : {}),
      },
    ];
  });
  // A neural network's operations are what this package lowers its layers to.
  if (kind !== "mlprogram") return found;
  const others = graph.operations.filter(
    ({ type, isConstant }) => !fast.has(type) && !known.has(type) && !type.startsWith("gather") && !isConstant,
  );
  if (others.length === 0) return found;
  return [
    ...found,
    {
      rule: "unlisted-operations",
      severity: "note",
      title: `${counted(others.length, "operation", ["is", "are"])} not on the list of those that the Neural Engine is known to run fast: ${tally(others)}.`,
      where: namesOf(others),
      why: "Nothing is published about them; each that does not run there cuts the model in two.",
      fix: "# on a Mac: model.computePlan() says where Core ML expects to run each of them",
    },
  ];
}
