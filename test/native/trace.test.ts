import { expect, test } from "bun:test";
import { formatTrace } from "../../src/native/trace.ts";

test("the trace lists calls, median and p99 in µs, the most expensive function first", () => {
  const durations = new Map([
    ["tl_cheap", [1000, 2000, 3000]],
    ["tl_dear", Array.from({ length: 100 }, (_, i) => (i + 1) * 1000)],
    ["tl_unused", []],
  ]);
  expect(formatTrace(durations)).toBe(
    [
      "native function                calls     median µs        p99 µs",
      "tl_dear                          100         51.00        100.00",
      "tl_cheap                           3          2.00          3.00",
      "",
    ].join("\n"),
  );
});
