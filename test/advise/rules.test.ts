import { describe, expect, test } from "bun:test";
import { advise, type Evidence } from "../../src/advise/advise.ts";
import type { Finding } from "../../src/advise/finding.ts";
import type { ComparedOperation } from "../../src/diagnostics.ts";
import type { RawGraphOperation, RawOperand } from "../../src/native/diagnostics.ts";
import type { Feature } from "../../src/schema.ts";

const image: Feature = { name: "image", type: "image", optional: false, width: 224, height: 224, colorSpace: "RGB" };
const tensor = (name: string, shape: number[], more: Partial<Feature> = {}): Feature => ({
  name,
  type: "tensor",
  optional: false,
  shape,
  dtype: "float16",
  ...more,
});

function operation(
  type: string,
  name: string,
  inputs: Record<string, RawOperand> = {},
  shape: (number | null)[] = [1, 8, 4, 4],
  dtype = "fp16",
): RawGraphOperation {
  return {
    type,
    name,
    block: 0,
    inputs: Object.entries(inputs).map(([parameter, operand]) => [parameter, [operand]]),
    outputs: [{ name, dtype, shape }],
    blocks: [],
  };
}

function find(evidence: Partial<Evidence>): Finding[] {
  return advise({
    kind: "mlprogram",
    specificationVersion: 7,
    inputs: [tensor("x", [1, 3, 8, 8])],
    outputs: [tensor("y", [1, 8])],
    operations: [operation("conv", "c")],
    ...evidence,
  });
}

const rulesOf = (findings: readonly Finding[]) => findings.map(({ rule, severity }) => `${severity} ${rule}`);

test("a small f16 convolution has nothing to be said about", () => expect(find({})).toEqual([]));

test("a neural network is an old format, and its precision is not judged", () => {
  const findings = find({ kind: "neuralnetworkclassifier", operations: [operation("conv", "c", {}, [1, 8], "fp32")] });
  expect(rulesOf(findings)).toEqual(["warning neural-network-format"]);
  expect(findings[0]!.fix).toContain('convert_to="mlprogram"');
});

test("trees have no operations", () => {
  expect(rulesOf(find({ kind: "treeensembleclassifier", operations: [] }))).toEqual(["note not-a-network"]);
});

describe("precision", () => {
  test("all in f32 is critical", () => {
    const findings = find({ operations: [operation("conv", "c", {}, [1, 8], "fp32")] });
    expect(rulesOf(findings)).toEqual(["critical f32-precision"]);
    expect(findings[0]!.fix).toContain("ct.precision.FLOAT16");
  });

  test("a product among f16 operations is a warning that names it", () => {
    const findings = find({ operations: [operation("conv", "c"), operation("matmul", "m", {}, [1, 8], "fp32")] });
    expect(rulesOf(findings)).toEqual(["warning f32-operations"]);
    expect(findings[0]!.where).toEqual(["m"]);
  });

  test("recurrent layers, which coremltools leaves in f32, have a finding of their own", () => {
    const findings = find({ operations: [operation("conv", "c"), operation("lstm", "l", {}, [1, 8], "fp32")] });
    expect(rulesOf(findings)).toEqual(["warning recurrent"]);
  });

  test("the scale of an image is a note", () => {
    const head = operation("mul", "scaled", { x: { name: "image" }, y: { value: 0.5 } }, [1, 3, 8, 8], "fp32");
    expect(rulesOf(find({ inputs: [image], operations: [head, operation("conv", "c")] }))).toEqual([
      "note f32-image-scaling",
    ]);
  });
});

describe("shapes", () => {
  test("a batch", () => {
    const findings = find({ inputs: [tensor("x", [8, 3, 32, 32])] });
    expect(rulesOf(findings)).toEqual(["warning batch"]);
    expect(findings[0]!.fix).toContain('name="x", shape=(1, 3, 32, 32)');
  });

  test("a long sequence is no batch", () => expect(find({ inputs: [tensor("x", [16, 1, 128])] })).toEqual([]));

  test("ranges, with the enumerated shapes that would do", () => {
    const flexible = { ranges: [[1, 1] as [number, number], [1, null] as [number, null]] };
    const findings = find({ inputs: [tensor("ids", [1, 16], { flexible })] });
    expect(rulesOf(findings)).toEqual(["warning range-shapes"]);
    expect(findings[0]!.title).toBe("Input ids takes a range of shapes: [1, 1…].");
    expect(findings[0]!.fix).toContain("EnumeratedShapes(shapes=[(1, 16), ...]");
  });

  test("enumerated shapes are a note; a single one is none", () => {
    const shapes = (enumerated: number[][]) =>
      rulesOf(find({ inputs: [tensor("x", [1, 8], { flexible: { enumerated } })] }));
    expect(
      shapes([
        [1, 8],
        [1, 16],
      ]),
    ).toEqual(["note enumerated-shapes"]);
    expect(shapes([[1, 8]])).toEqual([]);
  });

  test("six axes", () => {
    expect(rulesOf(find({ operations: [operation("reshape", "r", {}, [1, 2, 3, 4, 5, 6])] }))).toEqual([
      "warning rank",
    ]);
  });
});

describe("operations", () => {
  test.each([
    ["lstm", "warning recurrent"],
    ["while_loop", "warning control-flow"],
    ["list_write", "warning lists"],
    ["scatter_nd", "warning scatter"],
    ["non_zero", "note data-dependent"],
    ["topk", "note sorting"],
    ["random_normal", "note random"],
    ["quantize", "note activation-quantization"],
    ["erf", "note unlisted-operations"],
    ["gather", "note gather"],
  ])("%s: %s", (type, expected) => {
    const findings = find({ operations: [operation("conv", "c"), operation(type, "o")] });
    expect(rulesOf(findings)).toEqual([expected]);
    expect(findings[0]!.where).toEqual(["o"]);
  });

  test("what a neural network is lowered to is not held against a list", () => {
    expect(rulesOf(find({ kind: "neuralnetwork", operations: [operation("erf", "o")] }))).toEqual([
      "warning neural-network-format",
    ]);
  });

  test("compressed weights are no operations of a run", () => {
    expect(
      find({
        operations: [operation("constexpr_lut_to_dense", "w", {}, [8, 8, 3, 3], "fp32"), operation("conv", "c")],
      }),
    ).toEqual([]);
  });

  test("a lookup in a large table says which", () => {
    const table = { dtype: "fp16", shape: [30_522, 384] };
    const findings = find({ operations: [operation("gather", "embedding", { x: table })] });
    expect(rulesOf(findings)).toEqual(["warning large-gather"]);
    expect(findings[0]!.title).toBe("Lookups in large tables: [30522, 384].");
  });

  test("a table that is stored compressed is one too, a computed one is not", () => {
    const lookup = operation("gather", "embedding", { x: { name: "table" } });
    const table = (type: string) => operation(type, "table", {}, [30_522, 384]);
    expect(rulesOf(find({ operations: [table("constexpr_lut_to_dense"), lookup] }))).toEqual(["warning large-gather"]);
    expect(rulesOf(find({ operations: [table("conv"), lookup] }))).toEqual(["note gather"]);
  });

  test("dilation and pooling windows", () => {
    const dilated = operation("conv", "d", { dilations: { value: [2, 2] } });
    const global = operation("avg_pool", "p", { kernel_sizes: { value: [28, 28] }, strides: { value: [1, 1] } });
    const small = operation("max_pool", "q", { kernel_sizes: { value: [3, 3] }, strides: { value: [2, 2] } });
    const findings = find({ operations: [dilated, global, small] });
    expect(rulesOf(findings)).toEqual(["note dilation", "note pooling-window"]);
    expect(findings[1]!.where).toEqual(["p"]);
  });
});

describe("layout", () => {
  test("a short last axis of a large tensor", () => {
    const findings = find({ operations: [operation("transpose", "t", {}, [1, 512, 1024, 1])] });
    expect(rulesOf(findings)).toEqual(["warning last-axis-padding"]);
    expect(findings[0]!.title).toContain("1.0 MB take 32 MB, 32 times as much");
  });

  test("a small one is not worth a word", () => {
    expect(find({ operations: [operation("conv", "c", {}, [1, 1280, 7, 7])] })).toEqual([]);
  });

  test("a transformer of linear layers", () => {
    const layers = Array.from({ length: 12 }, (_, i) => operation("linear", `l${i}`, {}, [1, 128, 384]));
    expect(rulesOf(find({ operations: layers }))).toEqual(["note channels-last"]);
  });
});

describe("features", () => {
  test("f32 at the edges of an f16 model", () => {
    const findings = find({ specificationVersion: 6, inputs: [tensor("x", [1, 4], { dtype: "float32" })] });
    expect(rulesOf(findings)).toEqual(["note f32-features"]);
    expect(findings[0]!.fix).toContain("minimum_deployment_target=ct.target.iOS16");
  });

  test("integers and labels", () => {
    const outputs: Feature[] = [
      tensor("best", [1], { dtype: "int32" }),
      { name: "label", type: "string", optional: false },
    ];
    expect(rulesOf(find({ outputs }))).toEqual(["note integer-outputs", "note label-outputs"]);
  });
});

describe("ranges", () => {
  const compared = (operation: string, more: Partial<ComparedOperation>): ComparedOperation => ({
    operation,
    outputs: [operation],
    type: "mul",
    shape: [4],
    dtype: "fp16",
    min: -1,
    max: 1,
    absMax: 1,
    absMinNonZero: 0.5,
    count: 4,
    infinite: 0,
    nan: 0,
    flushed: 0,
    notFinite: 0,
    drift: 0,
    ...more,
  });
  const chain = ["a", "b", "c"].map((name, i) => operation("mul", name, { x: { name: ["x", "a", "b"][i]! } }, [4]));
  const ranges = (...operations: ComparedOperation[]) =>
    find({
      operations: chain,
      comparison: { device: "cpu (portable)", narrowed: false, divergedAt: null, operations },
    });

  test("the first overflow, critical where it reaches the result", () => {
    const findings = ranges(
      compared("a", { infinite: 2, max: 160_000, absMax: 160_000 }),
      compared("b", { infinite: 1 }),
      compared("c", { drift: 1 }),
    );
    expect(rulesOf(findings)).toEqual(["critical overflow"]);
    expect(findings[0]!.title).toBe("a (mul) overflows f16: 2 of 4 elements become infinite.");
    expect(findings[0]!.why).toContain("-1 to 160000");
    expect(findings[0]!.why).toContain("c is off by 100 %");
    expect(findings[0]!.fix).toContain('op.name != "a"');
  });

  test("a mask's infinity that reaches nothing is a note", () => {
    const findings = ranges(compared("a", { infinite: 4, min: -1e9 }), compared("b", {}), compared("c", {}));
    expect(rulesOf(findings)).toEqual(["note overflow"]);
  });

  test("an underflow is one where a tensor as a whole is lost, not where a softmax has a tail", () => {
    const lost = compared("a", { flushed: 4, absMax: 1e-8, absMinNonZero: 1e-9 });
    expect(rulesOf(ranges(lost, compared("b", {}), compared("c", { drift: 1 })))).toEqual(["critical underflow"]);
    const tail = compared("a", { flushed: 1, absMax: 1 });
    expect(ranges(tail, compared("b", {}), compared("c", {}))).toEqual([]);
  });

  test("drift is named where it begins, when the result shows it", () => {
    const findings = ranges(
      compared("a", { drift: 5e-4 }),
      compared("b", { drift: 0.2 }),
      compared("c", { drift: 0.3 }),
    );
    expect(rulesOf(findings)).toEqual(["warning drift"]);
    expect(findings[0]!.where[0]).toBe("b");
    expect(ranges(compared("a", {}), compared("b", { drift: 0.2 }), compared("c", { drift: 0.001 }))).toEqual([]);
  });
});

test("a plan that leaves the Neural Engine", () => {
  const place = (name: string, device: "cpu" | "neuralEngine", cost: number) => ({
    operation: name,
    type: "ios16.conv",
    device,
    supported: [device],
    cost,
  });
  const findings = find({ plan: [place("a", "neuralEngine", 0.8), place("b", "cpu", 0.2)] });
  expect(rulesOf(findings)).toEqual(["warning compute-plan"]);
  expect(findings[0]!.title).toContain("1 of 2 operations outside of the Neural Engine, 20 % of the work");
  expect(findings[0]!.where).toEqual(["b (cpu)"]);
});

test("the most severe comes first", () => {
  const findings = find({
    inputs: [tensor("x", [8, 3, 32, 32])],
    operations: [operation("erf", "e", {}, [1], "fp32")],
  });
  expect(findings.map(({ severity }) => severity)).toEqual(["critical", "warning", "note"]);
});
