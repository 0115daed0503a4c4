import { type Figures, peerOf, type Peers, ratio } from "./data.ts";
import { highestRise } from "../scaling/growth.ts";

/** A figure that the project wants; smaller is better unless `isAtLeast`. */
export interface Goal {
  figure: string;
  must: number;
  aim: number;
  isAtLeast?: boolean;
  unit?: string;
  value: number | undefined;
  /** Why there is no value, or why it is none for this goal. */
  note?: string;
}

const ours = "tensorlogic f16";
const onnx = "onnxruntime f32";

export function goals(figures: Figures): Goal[] {
  const { peers, scaling, load, ffi, start } = figures;
  const isa = peers?.isa ?? "";
  const over = (run: Peers | undefined, network: string, theirs = onnx, mine = ours) =>
    ratio(peerOf(run, network, mine), peerOf(run, network, theirs));
  const against = (network: string, theirs = onnx, mine = ours) => over(peers, network, theirs, mine);
  /** The worst of several networks, if all were measured. */
  const worst = (networks: string[]) => {
    const values = networks.map((network) => against(network));
    return values.every((value) => value !== undefined) ? Math.max(...values) : undefined;
  };
  const hasAmx = isa.startsWith("amx");
  const amxOnly = hasAmx || !peers ? {} : { note: `a goal for processors with AMX; measured with ${isa}` };
  const noBf16 = peerOf(peers, "resnet50", "openvino bf16")?.missing;
  const isAvx2 = isa === "avx2";
  const avx2 = isAvx2 ? peers : figures["peers-avx2"];
  const f16 = against("resnet50", "openvino f16");
  const resnet = start?.networks.resnet50;
  const lite = start?.networks.efficientnet_lite0;
  const call = (name: string) => ffi?.calls.find((entry) => entry.name === name)?.medianMs;
  const microseconds = (ms: number | undefined) => (ms === undefined ? undefined : ms * 1000);
  const threads = scaling?.threads.find(({ network, engine }) => network === "resnet50" && engine === ours);
  const rises = scaling?.growths.map((growth) => 1 + highestRise(growth));
  const loads = load && Object.values(load.networks).map(([mine, theirs]) => mine!.slowdown / theirs!.slowdown);
  const list: Goal[] = [
    { figure: "ResNet-50 over ONNX Runtime f32", must: 0.42, aim: 0.25, value: against("resnet50"), ...amxOnly },
    {
      figure: "ResNet-50 over OpenVINO f16",
      must: 0.3,
      aim: 0.18,
      value: f16 ?? against("resnet50", "openvino f32"),
      note: peers && f16 === undefined ? "OpenVINO computes f16 in f32 on this machine: over that" : undefined,
    },
    {
      figure: 'ResNet-50, `precision: "fast"`, over OpenVINO bf16',
      must: 0.85,
      aim: 0.65,
      value: against("resnet50", "openvino bf16", "tensorlogic fast"),
      note: noBf16,
    },
    {
      figure: "ResNet-50 held to AVX-512, over ONNX Runtime f32",
      must: 1,
      aim: 0.8,
      value: over(isa === "avx512" ? peers : figures["peers-avx512"], "resnet50"),
      note: isAvx2 ? "no AVX-512 on this machine" : undefined,
    },
    {
      figure: "ResNet-50 held to AVX2, over ONNX Runtime f32",
      // Where ONNX Runtime uses AVX-512, which it cannot be kept from, the goal is another.
      must: isAvx2 ? 1.05 : 1.8,
      aim: isAvx2 ? 0.9 : 1.6,
      value: over(avx2, "resnet50"),
      note: isAvx2 || !avx2 ? undefined : "ONNX Runtime cannot be held back: over its AVX-512 time",
    },
    ...[
      ["EfficientNet-Lite0, MobileNetV2", 0.65, 0.45, ["efficientnet_lite0", "mobilenet_v2"]] as const,
      ["MiniLM-L6, ViT-B/16", 0.5, 0.3, ["minilm_l6_v2", "vit_b_16"]] as const,
      [
        "ConvNeXt-tiny, DenseNet-121, SqueezeNet, Swin-T",
        0.8,
        0.5,
        ["convnext_tiny", "densenet121", "squeezenet1_1", "swin_t"],
      ] as const,
    ].map(([name, must, aim, networks]) => ({
      figure: `${name} over ONNX Runtime f32 (the worst)`,
      must,
      aim,
      value: worst([...networks]),
      ...amxOnly,
    })),
    { figure: "Silero VAD, one frame, over ONNX Runtime f32", must: 1, aim: 0.5, value: against("silero_vad") },
    {
      figure: "peak memory over Bun's own, ResNet-50, over the weights",
      must: 1.6,
      aim: 1.2,
      value: resnet && ((resnet.tensorlogic.peak - resnet.nothing.peak) * 1024) / resnet.weights,
    },
    {
      figure: "second start to first result, EfficientNet-Lite0, over ONNX Runtime",
      must: 0.4,
      aim: 0.2,
      value: lite && lite.tensorlogic.medianMs / lite.onnxruntime.medianMs,
    },
    { figure: "`request.run()`", must: 1, aim: 0.3, unit: "µs", value: microseconds(call("request.run()")) },
    {
      figure: "`request.runAsync()`, there and back",
      must: 15,
      aim: 8,
      unit: "µs",
      value: microseconds(call("await request.runAsync()")),
    },
    { figure: "ResNet-50, 1 → 2 threads", must: 1.8, aim: 1.95, isAtLeast: true, unit: "×", value: threads?.speedUp },
    {
      figure: "slowdown by 2 busy processes, over ONNX Runtime's (the worst)",
      must: 1,
      aim: 0.8,
      value: loads && Math.max(...loads),
    },
    {
      figure: "cost per unit of work as work grows, over the least (the worst)",
      must: 1.15,
      aim: 1.15,
      value: rises && Math.max(...rises),
    },
  ];
  return list;
}

export function verdict({ value, must, aim, isAtLeast }: Goal): string {
  if (value === undefined) return "not measured";
  const reaches = (limit: number) => (isAtLeast ? value >= limit : value <= limit);
  return reaches(aim) ? "beyond" : reaches(must) ? "met" : "missed";
}
