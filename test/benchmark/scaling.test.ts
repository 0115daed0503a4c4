import { expect, test } from "bun:test";
import { peersChart, scalingChart } from "../../bench/charts.ts";
import { type Growth, highestRise } from "../../bench/scaling/growth.ts";

const growth = (...points: [size: number, gflop: number, ms: number][]): Growth => ({
  network: "a<b",
  axis: "batch",
  points: points.map(([size, gflop, ms]) => ({ size, gflop, ours: { medianMs: ms, minMs: ms } })),
  excess: [],
});

test("a rise is over the cheapest of the smaller sizes, per unit of work", () => {
  expect(highestRise(growth([1, 1, 10], [2, 2, 16], [4, 4, 40]))).toBeCloseTo(0.25);
  expect(highestRise(growth([1, 1, 10], [2, 2, 16], [4, 4, 30]))).toBe(0);
  expect(highestRise(growth([1, 1, 10]))).toBe(0);
});

test("the chart of a growth: one line of its points, relative to the smallest size", () => {
  const svg = scalingChart("batch", [growth([1, 1, 10], [32, 32, 160])]);
  expect(svg.match(/<polyline/g)).toHaveLength(1);
  const [first, last] = svg
    .match(/points="([^"]+)"/)![1]!
    .split(" ")
    .map((pair) => pair.split(",").map(Number));
  expect([first![0], last![0]]).toEqual([60, 690]);
  expect(last![1]).toBeGreaterThan(first![1]!); // half the cost lies lower
  expect(svg).toContain("a&#60;b, tensorlogic");
});

test("the chart of peers: bars by the ratio to ONNX Runtime, engines without a time left out", () => {
  const svg = peersChart("t", {
    net: [
      { engine: "tensorlogic f16", medianMs: 5, minMs: 5 },
      { engine: "onnxruntime f32", medianMs: 10, minMs: 9 },
      { engine: "openvino f16", missing: "f16 is computed in f32 on this machine" },
    ],
  });
  expect(svg).toContain("0.50 · 5.00 ms");
  expect(svg).toContain("1.00 · 10.0 ms");
  expect(svg).not.toContain("openvino");
});
