import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readFigures } from "../../bench/report/data.ts";
import { type Goal, goals, verdict } from "../../bench/report/goals.ts";
import { fillMarkers, table } from "../../bench/report/markdown.ts";
import { performanceSections, readmeSections } from "../../bench/report/sections.ts";

const root = join(import.meta.dir, "../..");
const figures = readFigures(join(root, "docs/performance/data"));

test.each([
  ["docs/performance.md", performanceSections],
  ["README.md", readmeSections],
] as const)("%s has the figures of docs/performance/data", (page, sections) => {
  const text = readFileSync(join(root, page), "utf8");
  expect(fillMarkers(text, sections(figures))).toBe(text);
});

test("every chart of docs/performance.md is there", () => {
  const page = readFileSync(join(root, "docs/performance.md"), "utf8");
  const charts = [...page.matchAll(/\]\((performance\/[\w-]+\.svg)\)/g)].map((match) => match[1]!);
  expect(charts.length).toBeGreaterThan(3);
  expect(charts.filter((chart) => !existsSync(join(root, "docs", chart)))).toEqual([]);
});

test("a page and its figures agree on the places", () => {
  const page = "a\n<!-- figures:x -->\nold\n<!-- /figures -->\nb";
  expect(fillMarkers(page, { x: "new" })).toBe("a\n<!-- figures:x -->\n\nnew\n\n<!-- /figures -->\nb");
  expect(() => fillMarkers(page, {})).toThrow("figures:x, which nothing makes");
  expect(() => fillMarkers(page, { x: "", y: "" })).toThrow("no place for figures:y");
});

test("tables are padded as the formatter does it", () => {
  expect(table(["a", "time, µs"], [["longer", "1"]])).toBe(
    "| a      | time, µs |\n| ------ | -------- |\n| longer | 1        |",
  );
});

test("a verdict is by the goal's direction", () => {
  const goal = (value: number | undefined, isAtLeast = false): Goal => ({
    figure: "",
    must: isAtLeast ? 1.8 : 1,
    aim: isAtLeast ? 1.95 : 0.5,
    isAtLeast,
    value,
    from: undefined,
  });
  expect([0.4, 0.7, 1.1, undefined].map((value) => verdict(goal(value)))).toEqual([
    "beyond",
    "met",
    "missed",
    "not measured",
  ]);
  expect(verdict({ ...goal(0.4), from: { load: 3 } as never })).toBe("provisional");
  expect(verdict({ ...goal(0.4), isElsewhere: true })).toBe("");
  expect([2, 1.9, 1.7].map((value) => verdict(goal(value, true)))).toEqual(["beyond", "met", "missed"]);
});

test("goals are over the right engine, and say what this machine cannot do", () => {
  const taken = { cpu: "c", threads: 2, os: "o", bun: "b", date: "d", command: "x", load: 0, rounds: 1 };
  const timed = (engine: string, medianMs: number) => ({ engine, medianMs, minMs: medianMs });
  const of = (isa: string, resnet50: object[], more = {}) =>
    goals({ peers: { ...taken, isa, networks: { resnet50 } }, ...more } as never);
  const narrow = of("avx2", [
    timed("tensorlogic f16", 10),
    timed("onnxruntime f32", 20),
    timed("openvino f32", 40),
    { engine: "openvino f16", missing: "f16 is computed in f32 on this machine" },
  ]);
  expect(narrow.slice(0, 5).map(({ value }) => value)).toEqual([0.5, 0.25, undefined, undefined, 0.5]);
  expect(narrow[4]).toMatchObject({ must: 1.05 });
  const wide = of(
    "amx",
    [
      timed("tensorlogic f16", 10),
      timed("tensorlogic fast", 5),
      timed("onnxruntime f32", 40),
      timed("openvino f16", 50),
      timed("openvino bf16", 10),
    ],
    {
      "peers-avx2": {
        ...taken,
        isa: "avx2",
        networks: { resnet50: [timed("tensorlogic f16", 60), timed("onnxruntime f32", 40)] },
      },
    },
  );
  expect(wide.slice(0, 5).map(({ value }) => value)).toEqual([0.25, 0.2, 0.5, undefined, 1.5]);
  expect(wide[4]).toMatchObject({ must: 1.8 });
});
