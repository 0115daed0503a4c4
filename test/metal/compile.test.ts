import { describe, expect, test } from "bun:test";
import { CompileError, metal, Tensor, UnsupportedError } from "../../src/index.ts";

const device = metal.device();

function failureOf(source: string): Error {
  try {
    device.compile(source);
  } catch (error) {
    return error as Error;
  }
  throw new Error("it compiled");
}

describe("compile errors", () => {
  test("carry line and column of the user's source", () => {
    const error = failureOf(
      "#include <metal_stdlib>\nusing namespace metal;\nkernel void f(device float *x, uint i [[thread_position_in_grid]]) {\n  x[i] = wrong(i);\n}\n",
    ) as CompileError;
    expect(error).toBeInstanceOf(CompileError);
    expect([error.line, error.column]).toEqual([4, 10]);
    expect(error.diagnostics[0]!.message).toContain("wrong");
  });

  test.skipIf(!device.portable)("keep their column behind macros and comments", () => {
    const line = "kernel void f(device float *x) { LONG_NAME(x)[0] =   /* a comment */ LONG_NAME(x)[1] + wrong; }";
    const error = failureOf(`#define LONG_NAME(x) x\n${line}`) as CompileError;
    expect([error.line, error.column]).toEqual([2, line.indexOf("wrong") + 1]);
  });

  test("list every error", () => {
    const error = failureOf("kernel void f(device float *x) {\n  x[0] = a;\n  x[1] = b;\n}") as CompileError;
    expect(error.diagnostics.filter(({ severity }) => severity === "error").map(({ line }) => line)).toEqual([2, 3]);
  });

  test("of the preprocessor", () => {
    const error = failureOf("\n#error not today\n") as CompileError;
    expect([error.line, error.diagnostics[0]!.message]).toEqual([2, "not today"]);
  });
});

describe.skipIf(!device.portable)("what the portable device lacks is named:", () => {
  test.each([
    ["texture2d", "#include <metal_stdlib>\nkernel void f(metal::texture2d<float> t [[texture(0)]]) {}", 2],
    [
      "simdgroup_matrix",
      "using namespace metal;\n\nkernel void f(device float *x) { simdgroup_matrix<float, 8, 8> m; }",
      3,
    ],
    ["function_constant", "constant bool flag [[function_constant(0)]];\nkernel void f(device float *x) {}", 1],
    ["[[stage_in]]", "struct V { float4 p; };\nkernel void f(V v [[stage_in]]) {}", 2],
  ])("%s", (feature, source, line) => {
    const error = failureOf(source);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error.message).toBe(
      `program_source:${line}:1: error: '${feature}' is a feature of MSL that the portable Metal device lacks`,
    );
  });

  test("a value without an attribute", () => {
    expect(failureOf("kernel void f(uint i) {}").message).toContain("parameter 'i' of kernel 'f' has no attribute");
  });

  test("an index outside of the table", () => {
    expect(failureOf("kernel void f(device float *x [[buffer(31)]]) {}").message).toContain(
      "expected a number in 0..<31",
    );
  });
});

test("macros of the options", async () => {
  const source = "kernel void f(device TYPE *x [[buffer(0)]]) { x[0] = COUNT; }";
  const kernels = device.compile(source, { macros: { TYPE: "half", COUNT: 7 } });
  const x = Tensor.zeros([1]);
  using queue = device.queue();
  queue.dispatch(kernels.pipeline("f"), { grid: [1], threadgroup: [1], buffers: [x] });
  await queue.finished();
  expect(x.at(0)).toBe(7);
  expect((failureOf(source) as CompileError).line).toBe(1);
  expect(() => device.compile(source, { macros: { "A B": 1 } })).toThrow("is not the name of a macro");
});

test("a source without kernels has none", () => {
  expect(device.compile("constant float pi = 3.0;").functionNames).toEqual([]);
  expect(device.compile("").functionNames).toEqual([]);
});

test("the same source compiles once", () => {
  const source = `kernel void f(device float *x [[buffer(0)]]) { x[0] = ${Math.random()}; }`;
  const time = () => {
    const start = performance.now();
    device.compile(source);
    return performance.now() - start;
  };
  const first = time();
  expect(time()).toBeLessThan(first);
});
