import { expect, test } from "bun:test";
import { addCounts, countsOf, summary } from "../../scripts/test-report.ts";

test("totals come from the report's root, skipped ones are not passed", () => {
  const report = `<?xml version="1.0"?>
<testsuites name="bun test" tests="5" assertions="2" failures="1" skipped="3" time="0.0087">
  <testsuite name="a" tests="5" failures="1" skipped="3"></testsuite>
</testsuites>`;
  expect(countsOf(report)).toEqual({ passed: 1, failed: 1, skipped: 3 });
});

test("a report without totals counts nothing", () => {
  expect(countsOf("")).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

test("the closing line", () => {
  const counts = addCounts({ passed: 2, failed: 0, skipped: 0 }, { passed: 3, failed: 1, skipped: 0 });
  expect(summary(counts)).toBe("5 passed, 1 failed");
  expect(summary({ ...counts, skipped: 4 })).toBe("5 passed, 1 failed, 4 skipped");
});
