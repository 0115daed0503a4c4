import { expect, test } from "bun:test";
import { join } from "node:path";
import { fixtureModel } from "../support/fixtures.ts";
import { bunRun } from "../support/shell.ts";

test("describe prints the bundled model", async () => {
  const { code, stdout, stderr } = await bunRun("describe");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toContain("format        CoreML (mlprogram, specification 7)\n");
  expect(stdout).toContain("inputs\n  image  224×224 RGB image");
  expect(stdout).toMatch(/outputs\n {2}classLabel +string\n {2}classLabel_probs +dictionary of string → number\n/);
  expect(stdout).toMatch(/operations {2}\d+ of 11 kinds(, \d+ constants)?\n {2}\S*conv +49 {2}█{24}\n/);
});

test("describe --json has the same, for programs", async () => {
  const { code, stdout } = await bunRun("describe", fixtureModel("stateful"), "--json");
  expect(code).toBe(0);
  const about = JSON.parse(stdout);
  expect(about.metadata).toMatchObject({ format: "CoreML", kind: "mlprogram", specificationVersion: 9 });
  expect(about.inputs).toMatchObject([{ name: "x", type: "tensor", shape: [1, 4], dtype: "float16", optional: false }]);
  expect(about.states).toMatchObject([{ name: "total", shape: [1, 4], dtype: "float16" }]);
});

test.each([
  ["flexible_range", /x +float16 \[.*4…16.*4…64.*\]/],
  ["flexible_enumerated", /x +float16 \[.*8, 8.*\] or \[.*12, 20.*\]/],
  ["optional_input", /scale +float16 \[1, 4\] \(optional\)/],
])("%s: what a feature takes", async (id, pattern) => {
  expect((await bunRun("describe", fixtureModel(id))).stdout).toMatch(pattern);
});

test("functions are listed and selectable", async () => {
  const { stdout } = await bunRun("describe", fixtureModel("multi_function_plus"), "--function", "times");
  expect(stdout).toMatch(/functions +(plus, times \(this one\)|times \(this one\), plus)\n/);
});

test("a broken model is one line and exit code 1", async () => {
  const { code, stdout, stderr } = await bunRun("describe", "test/fixtures/bad/unknown_operation.mlpackage");
  expect(stderr).toMatch(/^error: .*frobnicate.*\n$/);
  expect(stdout).toBe("");
  expect(code).toBe(1);
});

const weights = (name: string) => join(import.meta.dir, "../fixtures/weights", name);

test("describe prints a GGUF file: metadata and every tensor", async () => {
  const { code, stdout, stderr } = await bunRun("describe", weights("types.gguf"));
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(/format +GGUF \(version 3, 32 tensors, 10\.8 kB\)\nquantization +Q6_K\n/);
  expect(stdout).toContain(
    '  test.strings          ["token 0", "token 1", "token 2", "token 3", "token 4", "token 5", … 100 values]\n',
  );
  expect(stdout).toMatch(/ {2}quantised\.IQ3_S +IQ3_S +\[3, 512\] +660 B\n/);
});

test("describe --json of a sharded set", async () => {
  const { code, stdout } = await bunRun("describe", weights("sharded"), "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    metadata: { format: "SafeTensors", quantization: "F16", userDefined: { total_size: "36" } },
    tensors: [
      { name: "a.weight" },
      { name: "a.bias", dtype: "F16", shape: [2, 3], byteLength: 12 },
      { name: "b.weight" },
    ],
  });
});

test("infer says that a file of weights has no program", async () => {
  const { code, stderr } = await bunRun("infer", weights("types.gguf"));
  expect(stderr).toMatch(/^error: .*types\.gguf: a file of weights has no program to run; `bun run describe/);
  expect(code).toBe(1);
});
