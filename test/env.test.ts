import { expect, test } from "bun:test";
import { describeEnvironment, environmentVariables, isEnvironmentSet, readEnvironment } from "../src/env.ts";

test("an empty variable counts as unset", () => {
  process.env.TENSORLOGIC_TRACE_FFI = "";
  expect(readEnvironment("TENSORLOGIC_TRACE_FFI")).toBeUndefined();
  delete process.env.TENSORLOGIC_TRACE_FFI;
});

test.each([
  ["1", true],
  ["yes", true],
  ["0", false],
  ["false", false],
])("a switch set to %p is %p", (value, expected) => {
  process.env.TENSORLOGIC_TRACE_FFI = value;
  expect(isEnvironmentSet("TENSORLOGIC_TRACE_FFI")).toBe(expected);
  delete process.env.TENSORLOGIC_TRACE_FFI;
});

test("every variable has the prefix and a line in the docs", () => {
  const docs = describeEnvironment();
  for (const name of environmentVariables) {
    expect(name).toStartWith("TENSORLOGIC_");
    expect(docs).toContain(`  ${name} `);
  }
});
