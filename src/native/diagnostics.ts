import type { OwnedHandle } from "./handle.ts";
import { toU32 } from "./arguments.ts";
import { native } from "./library.ts";
import type { NativeRequest } from "./request.ts";
import { takeJson } from "./text.ts";

/** What tl_model_graph, tl_request_profile and tl_request_compare answer; the header documents the fields. */
export interface RawGraphOperation {
  type: string;
  name: string;
  block: number;
  inputs: [parameter: string, operands: RawOperand[]][];
  outputs: RawValue[];
  blocks: number[];
}

export interface RawValue {
  name: string;
  dtype: string;
  shape?: (number | null)[];
}

export interface RawOperand {
  name?: string;
  value?: number | string | boolean | (number | string | boolean)[];
  dtype?: string;
  shape?: (number | null)[];
}

export interface RawProfile {
  runs: number;
  medianNs: number;
  minNs: number;
  operations: {
    operation: string;
    outputs: string[];
    type: string;
    fused: { type: string; operation: string }[];
    kernel: string;
    shape: number[];
    dtype: string | null;
    calls: number;
    medianNs: number;
    minNs: number;
    flops: number;
    bytes: number;
  }[];
}

export interface RawComparison {
  narrowed: boolean;
  divergedAt: string | null;
  operations: {
    operation: string;
    outputs: string[];
    type: string;
    shape: number[];
    dtype: string;
    min: number | null;
    max: number | null;
    absMax: number | null;
    absMinNonZero: number | null;
    count: number;
    infinite: number;
    nan: number;
    flushed: number;
    notFinite: number;
    drift: number | null;
  }[];
}

/** One operation of tl_model_compute_plan. */
export interface PlannedOperation {
  /** Its name: that of its first output, or of the layer. */
  operation: string;
  /** As Core ML names it: `ios16.conv`. */
  type: string;
  /** Where Core ML expects to run it; null where it does not say. */
  device: "cpu" | "gpu" | "neuralEngine" | null;
  supported: ("cpu" | "gpu" | "neuralEngine")[];
  /** Share of the model's work, 0 to 1; null where it is not known. */
  cost: number | null;
}

export function readComputePlan(model: OwnedHandle): PlannedOperation[] {
  return takeJson((out) => native().tl_model_compute_plan(model.value, out));
}

export function readGraph(model: OwnedHandle): RawGraphOperation[] {
  return takeJson((out) => native().tl_model_graph(model.value, out));
}

export function profileRequest(request: NativeRequest, repeats: number): RawProfile {
  const count = toU32(repeats, "repeat", 1);
  return takeJson((out) => native().tl_request_profile(request.handle.value, count, out));
}

export function compareRequest(request: NativeRequest): RawComparison {
  return takeJson((out) => native().tl_request_compare(request.handle.value, out));
}
