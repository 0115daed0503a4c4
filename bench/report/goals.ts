import type { Circumstances } from "../record.ts";
import { highestRise } from "../scaling/growth.ts";
import { type Figures, peerOf, type Peers, ratio } from "./data.ts";

/** A figure that the project wants; smaller is better unless `isAtLeast`. */
export interface Goal {
  figure: string;
  must: number;
  aim: number;
  isAtLeast?: boolean;
  unit?: string;
  value: number | undefined;
  /** The run that gave the value. */
  from: Circumstances | undefined;
  /** The goal was set for another kind of processor: the value is shown, and no verdict. */
  isElsewhere?: boolean;
  /** Why there is no value, or what kind of value it is. */
  note?: string;
}

const ours = "tensorlogic f16";
const onnx = "onnxruntime f32";

const over = (run: Peers | undefined, network: string, theirs = onnx, mine = ours) =>
  ratio(peerOf(run, network, mine), peerOf(run, network, theirs));

export const goals = (figures: Figures): Goal[] => [
  ...resnetGoals(figures),
  ...networkGoals(figures),
  ...processGoals(figures),
  ...growthGoals(figures),
];

function resnetGoals({ peers, ...figures }: Figures): Goal[] {
  const isa = peers?.isa ?? "";
  const isAvx2 = isa === "avx2";
  const avx512 = isa === "avx512" ? peers : figures["peers-avx512"];
  const avx2 = isAvx2 ? peers : figures["peers-avx2"];
  const f16 = over(peers, "resnet50", "openvino f16");
  return [
    {
      figure: "ResNet-50 over ONNX Runtime f32",
      must: 0.42,
      aim: 0.25,
      value: over(peers, "resnet50"),
      ...forAmx(peers),
    },
    {
      figure: "ResNet-50 over OpenVINO f16",
      must: 0.3,
      aim: 0.18,
      value: f16 ?? over(peers, "resnet50", "openvino f32"),
      ...forAmx(peers),
      ...(peers && f16 === undefined ? { note: "OpenVINO computes f16 in f32 on this machine: over that" } : {}),
    },
    {
      figure: 'ResNet-50, `precision: "fast"`, over OpenVINO bf16',
      must: 0.85,
      aim: 0.65,
      value: over(peers, "resnet50", "openvino bf16", "tensorlogic fast"),
      from: peers,
      note: peerOf(peers, "resnet50", "openvino bf16")?.missing,
    },
    {
      figure: "ResNet-50 held to AVX-512, over ONNX Runtime f32",
      must: 1,
      aim: 0.8,
      value: over(avx512, "resnet50"),
      from: avx512,
      note: isAvx2 ? "no AVX-512 on this machine" : undefined,
    },
    {
      figure: "ResNet-50 held to AVX2, over ONNX Runtime f32",
      // Where ONNX Runtime uses AVX-512, which it cannot be kept from, the goal is another.
      must: isAvx2 ? 1.05 : 1.8,
      aim: isAvx2 ? 0.9 : 1.6,
      value: over(avx2, "resnet50"),
      from: avx2,
      note: isAvx2 || !avx2 ? undefined : "ONNX Runtime cannot be held back: over its AVX-512 time",
    },
  ];
}

function forAmx(peers: Peers | undefined): Pick<Goal, "from" | "isElsewhere" | "note"> {
  if (!peers || peers.isa.startsWith("amx")) return { from: peers };
  return { from: peers, isElsewhere: true, note: `a goal for processors with AMX; measured with ${peers.isa}` };
}

function networkGoals({ peers }: Figures): Goal[] {
  /** The worst of several networks, if all were measured. */
  const worst = (networks: readonly string[]) => {
    const values = networks.map((network) => over(peers, network));
    return values.every((value) => value !== undefined) ? Math.max(...values) : undefined;
  };
  const groups = [
    ["EfficientNet-Lite0, MobileNetV2", 0.65, 0.45, ["efficientnet_lite0", "mobilenet_v2"]],
    ["MiniLM-L6, ViT-B/16", 0.5, 0.3, ["minilm_l6_v2", "vit_b_16"]],
    [
      "ConvNeXt-tiny, DenseNet-121, SqueezeNet, Swin-T",
      0.8,
      0.5,
      ["convnext_tiny", "densenet121", "squeezenet1_1", "swin_t"],
    ],
  ] as const;
  return [
    ...groups.map(([name, must, aim, networks]) => ({
      figure: `${name} over ONNX Runtime f32 (the worst)`,
      must,
      aim,
      value: worst(networks),
      ...forAmx(peers),
    })),
    {
      figure: "Silero VAD, one frame, over ONNX Runtime f32",
      must: 1,
      aim: 0.5,
      value: over(peers, "silero_vad"),
      from: peers,
    },
  ];
}

function processGoals({ start, ffi }: Figures): Goal[] {
  const resnet = start?.networks.resnet50;
  const lite = start?.networks.efficientnet_lite0;
  const microseconds = (name: string) => {
    const call = ffi?.calls.find((entry) => entry.name === name);
    return call && call.medianMs * 1000;
  };
  return [
    {
      figure: "peak memory over Bun's own, ResNet-50, over the weights",
      must: 1.6,
      aim: 1.2,
      value: resnet && ((resnet.tensorlogic.peak - resnet.nothing.peak) * 1024) / resnet.weights,
      from: start,
    },
    {
      figure: "start to first result, EfficientNet-Lite0, over ONNX Runtime",
      must: 0.4,
      aim: 0.2,
      value: lite && lite.tensorlogic.medianMs / lite.onnxruntime.medianMs,
      from: start,
    },
    { figure: "`request.run()`", must: 1, aim: 0.3, unit: " µs", value: microseconds("request.run()"), from: ffi },
    {
      figure: "`await request.runAsync()`",
      must: 15,
      aim: 8,
      unit: " µs",
      value: microseconds("await request.runAsync()"),
      from: ffi,
    },
  ];
}

function growthGoals({ scaling, load }: Figures): Goal[] {
  const threads = scaling?.threads.find(({ network, engine }) => network === "resnet50" && engine === ours);
  const rises = scaling?.growths.map((growth) => 1 + highestRise(growth)) ?? [];
  const loads = Object.values(load?.networks ?? {}).map(([mine, theirs]) => mine!.slowdown / theirs!.slowdown);
  const worst = (values: readonly number[]) => (values.length > 0 ? Math.max(...values) : undefined);
  return [
    {
      figure: "ResNet-50, 1 → 2 threads",
      must: 1.8,
      aim: 1.95,
      isAtLeast: true,
      unit: "×",
      value: threads?.speedUp,
      from: scaling,
    },
    {
      figure: "slowdown by 2 busy processes, over ONNX Runtime's (the worst)",
      must: 1,
      aim: 0.8,
      value: worst(loads),
      from: load,
    },
    {
      figure: "cost per unit of work as work grows, over the least (the worst)",
      must: 1.15,
      aim: 1.15,
      value: worst(rises),
      from: scaling,
    },
  ];
}

/** Above this load average at the start, a run compares nothing. */
export const busyLoad = 0.5;

export function verdict({ value, must, aim, isAtLeast, from, isElsewhere }: Goal): string {
  if (value === undefined) return "not measured";
  if (from && from.load > busyLoad) return "provisional";
  if (isElsewhere) return "";
  const reaches = (limit: number) => (isAtLeast ? value >= limit : value <= limit);
  return reaches(aim) ? "beyond" : reaches(must) ? "met" : "missed";
}
