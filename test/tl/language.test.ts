import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadModel, type Weights } from "../../src/index.ts";
import { Folder } from "../mil/temporary.ts";
import { fixtureModel } from "../support/fixtures.ts";
import { weightFiles } from "../weights/files.ts";
import { output } from "./run.ts";

describe("values and print", () => {
  test.each([
    ["print()", "\n"],
    ['print("a", 1, true, false, [1, [2, "b"]])', 'a 1 true false [1, [2, "b"]]\n'],
    ["print(3.14159, 0.1, 1e3, .5, 2., 65504)", "3.14159 0.1 1000 0.5 2 65504\n"],
    ['print("tab\\there", "quote \\"x\\"", "ü")', 'tab\there quote "x" ü\n'],
    ["print([1,\n  2,\n])", "[1, 2]\n"],
    ["print(1) // a comment\n// another\n\n\nprint(2)", "1\n2\n"],
    ["print(1)\r\nprint(2)\r\n", "1\n2\n"],
    ["x = 1\nx = x + 1\nlet x = x + 1\nprint(x)", "3\n"],
    ["print(tensor<float16>([[1.0, 2.0], [3.0, 4.0]]))", "tensor float16 [2, 2] [1, 2, 3, 4]\n"],
    ["print(tensor<float16>([1, 2, 3, 4, 5, 6, 7, 8, 9]))", "tensor float16 [9] [1, 2, 3, 4, 5, 6, 7, 8, …]\n"],
    ["print(tensor<float16>(2.5), tensor<float16>([]))", "tensor float16 [] [2.5] tensor float16 [0] []\n"],
    ["print(tensor<float16>([0.1, -1 / 3, 70000]))", "tensor float16 [3] [0.1, -0.3333, inf]\n"],
    ["print(tensor<float16>([1], device: gpu).shape, tensor<float16>([1], device: cpu).dtype)", "[1] float16\n"],
  ])("%s", async (text, expected) => expect(await output(text)).toBe(expected));
});

describe("arithmetic is f16", () => {
  test.each([
    ["1 / 3", "0.3333"],
    ["2048 + 1", "2048"],
    ["60000 + 60000", "inf"],
    ["1 + 2 * 3 - 4 / 2", "5"],
    ["(1 + 2) * -3", "-9"],
    ["- -2", "2"],
    ["2 - -1", "3"],
    ["a + a", "tensor float16 [2, 2] [2, 4, 6, 8]"],
    ["a - 1", "tensor float16 [2, 2] [0, 1, 2, 3]"],
    ["1 / a", "tensor float16 [2, 2] [1, 0.5, 0.3333, 0.25]"],
    ["a * row", "tensor float16 [2, 2] [10, 40, 30, 80]"],
    ["a + column", "tensor float16 [2, 2] [101, 102, 203, 204]"],
    ["row + column", "tensor float16 [2, 2] [110, 120, 210, 220]"],
    ["-a", "tensor float16 [2, 2] [-1, -2, -3, -4]"],
    ["-tensor<float16>(3)", "tensor float16 [] [-3]"],
    ["a @ a", "tensor float16 [2, 2] [7, 10, 15, 22]"],
    ["a @ a + row", "tensor float16 [2, 2] [17, 30, 25, 42]"],
    ["row @ a", "tensor float16 [2] [70, 100]"],
    ["a @ row", "tensor float16 [2] [50, 110]"],
    ["row @ row", "tensor float16 [] [500]"],
    ["tensor<float16>([[[1, 0], [0, 1]], [[0, 1], [1, 0]]]) @ a", "tensor float16 [2, 2, 2] [1, 2, 3, 4, 3, 4, 1, 2]"],
    ["tensor<float16>([]) + 1", "tensor float16 [0] []"],
    ["a.shape", "[2, 2]"],
  ])("%s", async (expression, expected) => {
    const given = `a = tensor<float16>([[1, 2], [3, 4]])
row = tensor<float16>([10, 20])
column = tensor<float16>([[100], [200]])
`;
    expect(await output(`${given}print(${expression})`)).toBe(`${expected}\n`);
  });

  test("sums of @ are kept in f32: 4096 ones and one", async () => {
    const ones = `[${Array(4096).fill(1).join(", ")}, 4]`;
    expect(await output(`t = tensor<float16>(${ones})\nprint(t @ t)`)).toBe("tensor float16 [] [4112]\n");
  });
});

describe("functions", () => {
  const forward = `fn forward(input: float16[N, D_in], weights: float16[D_in, D_out], bias: float16[D_out]) -> float16[N, D_out] {
    let output = input @ weights   // a local
    return output + bias
}
x = tensor<float16>([[1, 2]])
w = tensor<float16>([[1, 0, 1], [0, 1, 1]])
b = tensor<float16>([10, 20, 30])
`;
  test("the guide's layer", async () =>
    expect(await output(`${forward}print(forward(x, w, b))`)).toBe("tensor float16 [1, 3] [11, 22, 33]\n"));
  test("arguments by name", async () =>
    expect(await output(`${forward}print(forward(x, bias: b, weights: w).shape)`)).toBe("[1, 3]\n"));
  test("a call above the declaration", async () =>
    expect(await output("print(two())\nfn two() { return 2 }")).toBe("2\n"));
  test("locals stay inside; globals are seen", async () =>
    expect(await output("g = 1\nfn f() {\n g2 = g + 1\n g = 5\n return g2 + g }\nprint(f(), g)")).toBe("7 1\n"));
  test("without a return there is no value", async () =>
    expect(await output("fn f(a) {\n print(a)\n}\nprint(f(1))")).toBe("1\nnothing\n"));
  test("fixed dimensions", async () =>
    expect(await output("fn f(a: float16[2, N]) { return a }\nprint(f(tensor<float16>([[1], [2]])))")).toBe(
      "tensor float16 [2, 1] [1, 2]\n",
    ));
});

describe("models", () => {
  test("the guide's lines, as written", async () => {
    using folder = new Folder();
    Bun.spawnSync(["cp", "-r", fixtureModel("add_one"), join(folder.path, "model.mlpackage")]);
    const text = `model = load_model("model.mlpackage")
print("Model format:", model.metadata.format)  // CoreML
print("Quantization:", model.metadata.quantization)  // F16
`;
    expect(await output(text, folder.path)).toBe("Model format: CoreML\nQuantization: F16\n");
  });

  test.each(["predict(model, x)", "model.predict(x)", "model.predict(x: x)", "predict(model, x: x)"])(
    "%s",
    async (call) => {
      const name = (await loadModel(fixtureModel("add_one"))).inputs[0]!.name;
      const text = `model = load_model("${fixtureModel("add_one")}")
x = tensor<float16>([[1, 2, 3, 4, 5, 6, 7, 8]])
y = ${call.replace("x: x", `${name}: x`)}
print(y + 0)`;
      expect(await output(text)).toBe("tensor float16 [1, 8] [2, 3, 4, 5, 6, 7, 8, 9]\n");
    },
  );

  test("outputs by name; a picture by its path", async () => {
    const text = `model = load_model("models/efficientnet_lite0.mlpackage")
out = model.predict(image: "models/photos/coffee.png")
print(out.classLabel)`;
    expect(await output(text)).toBe("espresso\n");
  });

  test("metadata of GGUF and SafeTensors", async () => {
    const text = `g = load_model("types.gguf")
s = load_model("types.safetensors")
print(g.metadata.format, g.metadata.quantization, g.metadata.license, g.metadata.specification_version)
print(s.metadata.format, s.metadata.user_defined)
print(s.get_tensor("float.f16"))
print(get_tensor(g, "float.F32").shape)`;
    expect(await output(text, weightFiles)).toBe(`GGUF Q6_K MIT 3
SafeTensors {made by: "make_weights.py — ü"}
tensor float16 [2, 8] [0, -0, 1, -1.5, 65504, 65504, inf, 0, …]
[2, 3, 4]
`);
  });

  test("save_model writes SafeTensors beside the script", async () => {
    using folder = new Folder();
    folder.write("in.gguf", readFileSync(join(weightFiles, "types.gguf")));
    await output('save_model(load_model("in.gguf"), "out.safetensors")', folder.path);
    using saved = (await loadModel(join(folder.path, "out.safetensors"))) as unknown as Weights;
    expect(saved.tensorNames).toHaveLength(32);
  });
});
