/** `bun run bench metal [--rounds N]`: operations as Metal kernels against the CPU's own kernels, in turns. */
import { parseArgs } from "node:util";
import { metal, Tensor, type Operations } from "../src/index.ts";
import { interleave, row, warnIfBusy } from "./timing.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const rounds = Number(values.rounds);
const device = metal.device();
const queue = device.queue();

function random(shape: number[]): Tensor<"float16"> {
  const tensor = Tensor.zeros(shape);
  for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = Math.random() - 0.5;
  return tensor;
}

type Case = [name: string, run: (operations: Operations) => unknown];

const [a, b, matrix] = [random([1024, 1024]), random([1024, 1024]), Tensor.zeros([1024, 1024])];
const [image, weight, planes] = [random([1, 64, 56, 56]), random([64, 64, 3, 3]), Tensor.zeros([1, 64, 56, 56])];
const cases: Case[] = [
  ["matmul 1024³", (o) => o.into(matrix).matmul(a, b)],
  ["linear 1024³", (o) => o.into(matrix).linear(a, b)],
  ["conv2d 3×3, 64 × 56²", (o) => o.into(planes).conv2d(image, weight, undefined, { padding: 1 })],
  ["softmax 1024 × 1024", (o) => o.into(matrix).softmax(a)],
  ["gelu 2^20", (o) => o.into(matrix).gelu(a)],
  ["add 2^20", (o) => o.into(matrix).add(a, b)],
];

warnIfBusy();
console.log(`${device.name}, ${rounds} rounds, median (minimum) in ms`);
const widths = [22, 18, 18, 8];
console.log(row(["", "metal", "engine", "ratio"], widths));
for (const [name, run] of cases) {
  const onQueue = async () => {
    run(queue.operations);
    await queue.finished();
  };
  const contenders = [
    { name: "metal", run: onQueue },
    { name: "engine", run: () => run(metal.engine) },
  ];
  const [kernel, engine] = (await interleave(contenders, rounds)) as [
    { medianMs: number; minMs: number },
    { medianMs: number; minMs: number },
  ];
  const cell = ({ medianMs, minMs }: { medianMs: number; minMs: number }) =>
    `${medianMs.toFixed(2)} (${minMs.toFixed(2)})`;
  console.log(row([name, cell(kernel), cell(engine), (kernel.medianMs / engine.medianMs).toFixed(1)], widths));
}
