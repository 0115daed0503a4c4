import { afterAll, describe, expect, test } from "bun:test";
import { metal, Tensor, type Operations } from "../../src/index.ts";
import {
  combine,
  convolve,
  erf,
  map,
  mapRows,
  matmul,
  random,
  transpose,
  windows,
  type Dense,
  type WindowReference,
} from "./reference.ts";

// The same body by both ways: Metal kernels (GPU, or the portable device) and the CPU's kernels. Expected values are f64.

const queue = metal.device().queue();
afterAll(() => queue.dispose());

const ways: [name: string, operations: Operations, finish: () => Promise<unknown>][] = [
  ["metal", queue.operations, () => queue.finished()],
  ["engine", metal.engine, async () => {}],
];

const exact = { absolute: 0, relative: 0 };
/** One rounding to f16 is 2^-11 of the value; twice that leaves room for sums in another order. */
const rounded = { absolute: 1e-6, relative: 2 ** -10 };
/** Per operation: how far a result may be from f64. Where terms cancel, the sum's rounding in f32 shows as an absolute error. */
const tolerances: Readonly<Record<string, { absolute: number; relative: number }>> = {
  matmul: { absolute: 2e-4, relative: 2 ** -10 },
  linear: { absolute: 2e-4, relative: 2 ** -10 },
  conv2d: { absolute: 2e-4, relative: 2 ** -10 },
  depthwiseConv2d: { absolute: 1e-4, relative: 2 ** -10 },
  maxPool: exact,
  avgPool: rounded,
  batchNorm: { absolute: 1e-3, relative: 2 ** -10 },
  layerNorm: { absolute: 1e-3, relative: 2 ** -10 },
  rmsNorm: rounded,
  softmax: rounded,
  relu: exact,
  // Near zero the erf of single precision has an absolute error.
  gelu: { absolute: 1e-5, relative: 2 ** -9 },
  sigmoid: rounded,
  tanh: rounded,
  silu: rounded,
  add: rounded,
  sub: rounded,
  mul: rounded,
  div: rounded,
  rope: { absolute: 1e-3, relative: 2 ** -10 },
  imageToTensor: rounded,
};

function tensor({ shape, data }: Dense): Tensor<"float16"> {
  return Tensor.from(data, shape);
}

function expectClose(operation: string, found: Tensor, expected: Dense): void {
  expect(found.shape).toEqual(expected.shape);
  const { absolute, relative } = tolerances[operation]!;
  const values = found.toFloat64();
  for (const [i, want] of expected.data.entries()) {
    const got = values[i]!;
    if (Object.is(got, want) || (Number.isNaN(got) && Number.isNaN(want))) continue;
    if (!(Math.abs(got - want) <= absolute + relative * Math.abs(want))) {
      throw new Error(`${operation} ${found}: element ${i} is ${got}, expected ${want}`);
    }
  }
}

type Case = [operation: string, what: string, run: (operations: Operations) => Tensor, expected: Dense];

const window = (change: Partial<WindowReference> = {}): WindowReference => ({
  kernel: [3, 3],
  stride: [1, 1],
  padding: [0, 0],
  dilation: [1, 1],
  ...change,
});

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const x = random([3, 7, 40], 1, 2);
const a = random([33, 50], 2);
const b = random([50, 19], 3);
const batchA = random([2, 3, 5, 16], 4);
const batchB = random([2, 3, 16, 24], 5);
const image = random([2, 6, 9, 11], 6);
const gamma = random([40], 7);
const beta = random([40], 8);
const channels = ["mean", "variance", "gamma", "beta"].map((_, i) => random([6], 10 + i));
const variance = map(channels[1]!, (v) => Math.f16round(Math.abs(v) + 0.5));
const tokens = random([2, 5, 16], 20);

function normalized(row: number[], hasMean: boolean): number[] {
  const mean = hasMean ? sum(row) / row.length : 0;
  const scale = 1 / Math.sqrt(sum(row.map((v) => (v - mean) ** 2)) / row.length + 1e-5);
  return row.map((v) => (v - mean) * scale);
}

function turned({ first, adjacent }: { first: number; adjacent: boolean }): Dense {
  return mapRows(tokens, (row, index) => {
    const out = [...row];
    for (let i = 0; i < 8; i++) {
      const [p, q] = adjacent ? [2 * i, 2 * i + 1] : [i, i + 8];
      const angle = (first + (index % 5)) * 10_000 ** ((-2 * i) / 16);
      out[p!] = row[p!]! * Math.cos(angle) - row[q!]! * Math.sin(angle);
      out[q!] = row[p!]! * Math.sin(angle) + row[q!]! * Math.cos(angle);
    }
    return out;
  });
}

const cases: Case[] = [
  ["matmul", "two matrices", (o) => o.matmul(tensor(a), tensor(b)), matmul(a, b)],
  ["matmul", "a transposed", (o) => o.matmul(tensor(transpose(a)), tensor(b), { transposeA: true }), matmul(a, b)],
  ["matmul", "b transposed", (o) => o.matmul(tensor(a), tensor(transpose(b)), { transposeB: true }), matmul(a, b)],
  ["matmul", "a batch", (o) => o.matmul(tensor(batchA), tensor(batchB)), matmul(batchA, batchB)],
  [
    "matmul",
    "one b for the batch",
    (o) => o.matmul(tensor(random([4, 6, 50], 9)), tensor(b)),
    matmul(random([4, 6, 50], 9), b),
  ],
  ["linear", "without bias", (o) => o.linear(tensor(a), tensor(transpose(b))), matmul(a, b)],
  [
    "linear",
    "with bias",
    (o) => o.linear(tensor(a), tensor(transpose(b)), tensor(random([19], 12))),
    combine(matmul(a, b), random([19], 12), [33, 19], (p, q) => p + q),
  ],
  ...(
    [
      ["plain", window(), 1, 4, 6],
      ["padded and strided", window({ stride: [2, 3], padding: [1, 2] }), 1, 4, 6],
      ["dilated", window({ dilation: [2, 2], padding: [2, 2] }), 1, 4, 6],
      ["in groups", window({ padding: [1, 1] }), 3, 6, 2],
      ["1 by 1", window({ kernel: [1, 1] }), 1, 5, 6],
    ] as const
  ).map(([what, w, groups, filters, depth]): Case => {
    const weight = random([filters, depth, ...w.kernel], 30);
    const bias = random([filters], 31);
    const { stride, padding, dilation } = w;
    const options = { stride, padding, dilation, groups };
    const expected = convolve(image, weight, bias, w, groups);
    return ["conv2d", what, (o) => o.conv2d(tensor(image), tensor(weight), tensor(bias), options), expected];
  }),
  ...[window(), window({ kernel: [5, 3], stride: [2, 1], padding: [2, 1] })].map((w): Case => {
    const weight = random([6, 1, ...w.kernel], 32);
    const { stride, padding } = w;
    const expected = convolve(image, weight, undefined, w, 6);
    const what = w.kernel.join(" by ");
    return [
      "depthwiseConv2d",
      what,
      (o) => o.depthwiseConv2d(tensor(image), tensor(weight), undefined, { stride, padding }),
      expected,
    ];
  }),
  ...[window({ kernel: [2, 2], stride: [2, 2] }), window({ stride: [2, 1], padding: [1, 1] })].flatMap((w): Case[] => {
    const pool = (body: (values: (number | undefined)[]) => number) =>
      windows(image, w, 6, (plane, elementAt) => {
        const area = Array.from({ length: w.kernel[0] * w.kernel[1] }, (_, i) => i);
        return body(area.map((i) => elementAt(plane, Math.floor(i / w.kernel[1]), i % w.kernel[1])));
      });
    const inside = (values: (number | undefined)[]) => values.filter((v) => v !== undefined);
    const { kernel, stride, padding } = w;
    const options = { kernel, stride, padding };
    const what = w.kernel.join(" by ");
    return [
      ["maxPool", what, (o) => o.maxPool(tensor(image), options), pool((v) => Math.max(...inside(v)))],
      ["avgPool", what, (o) => o.avgPool(tensor(image), options), pool((v) => sum(inside(v)) / inside(v).length)],
      [
        "avgPool",
        `${what}, padding counts`,
        (o) => o.avgPool(tensor(image), { ...options, countsPadding: true }),
        pool((v) => sum(inside(v)) / v.length),
      ],
    ];
  }),
  [
    "batchNorm",
    "with gamma and beta",
    (o) =>
      o.batchNorm(tensor(image), tensor(channels[0]!), tensor(variance), {
        gamma: tensor(channels[2]!),
        beta: tensor(channels[3]!),
      }),
    {
      shape: image.shape,
      data: image.data.map((v, i) => {
        const c = Math.floor(i / 99) % 6;
        const scaled = (v - channels[0]!.data[c]!) / Math.sqrt(variance.data[c]! + 1e-5);
        return scaled * channels[2]!.data[c]! + channels[3]!.data[c]!;
      }),
    },
  ],
  ["layerNorm", "plain", (o) => o.layerNorm(tensor(x)), mapRows(x, (row) => normalized(row, true))],
  [
    "layerNorm",
    "with gamma and beta",
    (o) => o.layerNorm(tensor(x), { gamma: tensor(gamma), beta: tensor(beta) }),
    mapRows(x, (row) => normalized(row, true).map((v, i) => v * gamma.data[i]! + beta.data[i]!)),
  ],
  [
    "rmsNorm",
    "with gamma",
    (o) => o.rmsNorm(tensor(x), { gamma: tensor(gamma) }),
    mapRows(x, (row) => normalized(row, false).map((v, i) => v * gamma.data[i]!)),
  ],
  [
    "softmax",
    "rows",
    (o) => o.softmax(tensor(x)),
    mapRows(x, (row) => {
      const powers = row.map((v) => Math.exp(v - Math.max(...row)));
      return powers.map((v) => v / sum(powers));
    }),
  ],
  ["relu", "values", (o) => o.relu(tensor(x)), map(x, (v) => Math.max(v, 0))],
  ["gelu", "values", (o) => o.gelu(tensor(x)), map(x, (v) => (v / 2) * (1 + erf(v / Math.SQRT2)))],
  ["sigmoid", "values", (o) => o.sigmoid(tensor(x)), map(x, (v) => 1 / (1 + Math.exp(-v)))],
  ["tanh", "values", (o) => o.tanh(tensor(x)), map(x, Math.tanh)],
  ["silu", "values", (o) => o.silu(tensor(x)), map(x, (v) => v / (1 + Math.exp(-v)))],
  ...(
    [
      ["the same shape", [4, 5], [4, 5], [4, 5]],
      ["a row", [4, 5], [5], [4, 5]],
      ["a scalar", [3, 1, 2], [], [3, 1, 2]],
      ["both ways", [3, 1, 5], [4, 1], [3, 4, 5]],
    ] as [string, number[], number[], number[]][]
  ).flatMap(([what, left, right, shape], seed): Case[] => {
    const [p, q] = [random(left, 40 + seed), random(right, 50 + seed)];
    return [
      ["add", what, (o) => o.add(tensor(p), tensor(q)), combine(p, q, shape, (v, w) => v + w)],
      ["sub", what, (o) => o.sub(tensor(p), tensor(q)), combine(p, q, shape, (v, w) => v - w)],
      ["mul", what, (o) => o.mul(tensor(p), tensor(q)), combine(p, q, shape, (v, w) => v * w)],
      ["div", what, (o) => o.div(tensor(p), tensor(q)), combine(p, q, shape, (v, w) => v / w)],
    ];
  }),
  ["rope", "halves", (o) => o.rope(tensor(tokens)), turned({ first: 0, adjacent: false })],
  [
    "rope",
    "neighbours from a position on",
    (o) => o.rope(tensor(tokens), { adjacent: true, firstPosition: 7 }),
    turned({ first: 7, adjacent: true }),
  ],
];

for (const [way, operations, finish] of ways) {
  describe(`by ${way}`, () => {
    test.each(cases)("%s: %s", async (operation, _, run, expected) => {
      const found = run(operations);
      await finish();
      expectClose(operation, found, expected);
    });

    test("image to normalised f16", async () => {
      for (const [bytes, bgr] of [
        [1, false],
        [3, false],
        [3, true],
        [4, false],
      ] as const) {
        const pixels = Array.from({ length: 5 * 7 * bytes }, (_, i) => (i * 37) % 256);
        const [scale, bias] =
          bytes === 1
            ? [[0.01], [-1]]
            : [
                [1 / 58, 1 / 57, 1 / 56],
                [-2, -1.5, -1],
              ];
        const found = operations.imageToTensor(Tensor.from(pixels, [5, 7, bytes], "uint8"), {
          scale,
          bias,
          bgr,
        });
        await finish();
        const data = scale!.flatMap((s, c) =>
          Array.from({ length: 35 }, (_, i) => pixels[i * bytes + (bgr ? 2 - c : c)]! * s + bias![c]!),
        );
        expectClose("imageToTensor", found, { shape: [1, scale!.length, 5, 7], data });
      }
    });

    test("argmax: first of equals, NaN is largest", async () => {
      const rows = Array.from({ length: 6 }, (_, r) => random([70], 60 + r).data);
      rows[1]!.fill(1);
      rows[2]![65] = NaN;
      rows[2]![69] = NaN;
      rows[3]!.fill(-Infinity);
      const found = operations.argmax(Tensor.from(rows));
      await finish();
      expect(found.shape).toEqual([6]);
      expect(found.dtype).toBe("int32");
      const largest = (row: number[]) => {
        const nan = row.findIndex(Number.isNaN);
        return nan >= 0 ? nan : row.indexOf(Math.max(...row));
      };
      expect(Array.from(found.data)).toEqual(rows.map(largest));
    });

    test("top-k: by value, then by index, NaN last", async () => {
      const rows = Array.from({ length: 4 }, (_, r) => random([70], 70 + r).data);
      rows[1] = rows[1]!.map((v) => Math.round(v));
      rows[2] = rows[2]!.map((v, i) => (i % 3 === 0 ? v : i % 3 === 1 ? NaN : -Infinity));
      const { values, indices } = operations.topK(Tensor.from(rows), 60);
      await finish();
      const order = rows.map((row) => {
        const rank = (v: number) => (Number.isNaN(v) ? 1 : 0);
        const keys = row.map((_, i) => i);
        return keys
          .sort((i, j) => rank(row[i]!) - rank(row[j]!) || (row[j]! > row[i]! ? 1 : row[j]! < row[i]! ? -1 : i - j))
          .slice(0, 60);
      });
      expect(indices.toArray()).toEqual(order);
      expect(values.toArray()).toEqual(order.map((row, r) => row.map((i) => rows[r]![i]!)));
    });

    test("f32 to f16 and back, for special numbers too", async () => {
      const special = [
        0,
        -0,
        1,
        65504,
        65519.99,
        65520,
        -1e9,
        2 ** -24,
        2 ** -25,
        1.5 * 2 ** -25,
        1 + 2 ** -11,
        NaN,
        Infinity,
      ];
      const halves = operations.toFloat16(Tensor.from(special, [special.length], "float32"));
      await finish();
      expect(Array.from(halves.data)).toEqual(special.map((v) => Math.f16round(v)));
      const floats = operations.toFloat32(halves);
      await finish();
      expect(Array.from(floats.data)).toEqual(special.map((v) => Math.f16round(v)));
    });

    test("NaN and infinity go through relu and max pooling", async () => {
      const values = [NaN, -Infinity, Infinity, -0.0];
      const relu = operations.relu(Tensor.from(values));
      const pooled = operations.maxPool(Tensor.from(values, [1, 1, 2, 2]), { kernel: [1, 2] });
      await finish();
      expect(relu.toArray()).toEqual([NaN, 0, Infinity, -0]);
      expect(pooled.toArray()).toEqual([[[[NaN], [Infinity]]]]);
    });

    test("wrong shapes are refused by name", () => {
      const t = (...shape: number[]) => Tensor.zeros(shape);
      expect(() => operations.matmul(t(2, 3), t(4, 5))).toThrow("matmul: shapes [2, 3] and [4, 5] do not fit");
      expect(() => operations.add(t(2), t(3))).toThrow("shapes [2] and [3] do not broadcast");
      expect(() => operations.linear(t(2, 3), t(4, 3), t(5))).toThrow("bias has shape [5], expected [4]");
      expect(() => operations.conv2d(t(1, 3, 4, 4), t(2, 4, 3, 3))).toThrow(
        "weight has shape [2, 4, 3, 3], expected [?, 3, ?, ?]",
      );
      expect(() => operations.conv2d(t(1, 1, 2, 2), t(1, 1, 3, 3))).toThrow(
        "a window of 3 does not fit into 2 elements",
      );
      expect(() => operations.topK(t(3), 4)).toThrow("topK: k is 4, rows have 3 elements");
      expect(() => operations.rope(t(2, 3))).toThrow("rope: the width of [2, 3] is odd");
      expect(() => operations.relu(Tensor.zeros([2], "float32") as never)).toThrow("x is float32, expected float16");
      expect(() => operations.softmax(t(0))).toThrow("x is empty: shape [0]");
      expect(() => operations.conv2d(t(1, 1, 1, 1), t(1, 1, 1, 1), undefined, { padding: 2 ** 30 })).toThrow(
        "padding 1073741824 makes more than 2^31 - 1 positions",
      );
      expect(() => operations.layerNorm(t(2), { epsilon: NaN })).toThrow("epsilon is NaN, expected a finite number");
      expect(() => operations.rope(t(2, 2), { base: Infinity })).toThrow("base is Infinity, expected a finite number");
      expect(() => operations.matmul(t(65536, 1), t(1, 65536))).toThrow("more than 2^31 - 1 elements");
    });
  });
}
