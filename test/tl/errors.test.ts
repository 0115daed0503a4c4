import { describe, expect, test } from "bun:test";
import { fixtureModel } from "../support/fixtures.ts";
import { weightFiles } from "../weights/files.ts";
import { failure, runText } from "./run.ts";

test("line, column, the line and carets under the place", async () => {
  expect(await failure('x = 1\n\tprint("x", modle)\n')).toBe(
    `test.tl:2:13: there is no variable modle
  2 | \tprint("x", modle)
    | \t           ^^^^^`,
  );
});

test("of a long line the part around the place is shown", async () => {
  const error = await failure(`x = ${"1 + ".repeat(50)}y${" + 1".repeat(50)}`);
  const [, line, carets] = error.split("\n") as [string, string, string];
  expect(line.length).toBeLessThan(110);
  expect(line[carets.indexOf("^")]).toBe("y");
});

test("what was printed before stands", async () => {
  expect((await runText("print(1)\nprint(y)")).printed).toBe("1\n");
});

test("a script that does not parse runs not at all", async () => {
  expect((await runText("print(1)\nprint(")).printed).toBe("");
});

describe("the place is the one to look at", () => {
  test.each([
    ["x = ", "1:5: expected a value, found the end of the file"],
    ["x = 1 2", "1:7: expected the end of the line, found 2"],
    ["print(1", "1:8: expected , or ), found the end of the file"],
    ["x = [1, 2", "1:10: expected , or ], found the end of the file"],
    ["x = 1;", "1:6: unexpected ;; statements end with their line"],
    ["# no", "1:1: unexpected #; comments begin with //"],
    ['x = "abc\ny = 1', '1:5: the text does not end: expected " on this line'],
    ['x = "a\\q"', '1:7: unknown escape \\q, expected \\n, \\t, \\r, \\" or \\\\'],
    ["x = 1a", "1:5: a name cannot begin with a digit"],
    ["let = 1", "1:5: expected a variable's name, found ="],
    ["return 1", "1:1: return outside of a function"],
    ["fn f() {\nfn g() {}\n}", "2:1: a function inside a function"],
    ["fn f(a, a) {}", "1:9: the parameter a is there twice"],
    ["fn f() {\nprint(1)", "2:9: expected }, found the end of the file"],
    ["fn f(a: float32[N]) {}", "1:9: the element type float32 is not supported, expected float16"],
    ["fn f(a: float16[1.5]) {}", "1:17: a dimension is a whole number"],
    ["x = tensor<int8>([1])", "1:12: the element type int8 is not supported, expected float16"],
    ["x = tensor<float16>([1], device: npu)", "1:34: expected gpu or cpu, found npu"],
    ["x = tensor<float16>([[1, 2], [3]])", "1:21: a tensor's rows are of one shape, found [2] and [1]"],
    ['x = tensor<float16>(["a"])', '1:21: a tensor is made of numbers, found the text "a"'],
    ["long = 1\nprint(lnog)", "2:7: there is no variable lnog"],
    ["total = 1\nprint(totel)", "2:7: there is no variable totel; did you mean total?"],
    ["x = 1\nx(2)", "2:1: the number 1 is no function and cannot be called"],
    ["x = 1\nprint(x.shape)", "2:9: the number 1 has no member shape"],
    [
      "t = tensor<float16>([1])\nprint(t.shap)",
      "2:9: a float16 tensor of shape [1] has no member shap; did you mean shape?",
    ],
    ['x = 1 + "a"', '1:7: + takes numbers and tensors, found the text "a"'],
    ["x = -print", "1:5: - takes numbers and tensors, found the function print"],
    [
      "t = tensor<float16>([1, 2])\nx = t + tensor<float16>([1, 2, 3])",
      "2:7: shapes [2] and [3] do not go together: sizes 2 and 3, 1 from the right",
    ],
    [
      "t = tensor<float16>([[1, 2]])\nx = t @ t",
      "2:7: @ of [1, 2] and [1, 2]: the inner sizes 2 and 1 have to be equal",
    ],
    ["x = 2 @ tensor<float16>([1])", "1:7: @ multiplies matrices, found the number 2; * scales"],
    ['load_model("nothing.mlpackage")', "1:1: "],
    ["load_model(1)", "1:1: load_model takes the path of a model, found the number 1"],
    ["print(a: 1)", "1:1: print takes no named arguments, found a"],
    ["predict(1, 2)", "1:1: predict takes a model first, found the number 1"],
    ["fn f(a) {}\nf()", "2:1: f needs a"],
    ["fn f(a) {}\nf(1, 2)", "2:6: f has no parameter for this; its parameters are a"],
    ["fn f(a) {}\nf(b: 1)", "2:6: f has no parameter for this; its parameters are a"],
    ["fn f(a) {}\nf(1, a: 2)", "2:9: f: a is given twice"],
    ["fn f(a: float16[N]) {}\nf(1)", "2:3: f: a has to be a tensor, found the number 1"],
    [`${"(".repeat(300)}1`, "1:201: expressions nested more than 200 deep"],
    [`x = ${"-".repeat(500)}1`, "1:205: expressions nested more than 200 deep"],
    [`x = 1${" + 1".repeat(1001)}`, "more than 1000 operators in a row"],
  ])("%#: %s", async (text, message) => {
    const error = await failure(text);
    expect(error).toStartWith("test.tl:");
    expect(error.slice("test.tl:".length)).toContain(message);
  });
});

describe("named dimensions have to agree: the error names both", () => {
  const t = (shape: string) => `tensor<float16>(${shape})`;
  const layer =
    "fn forward(input: float16[N, D_in], weights: float16[D_in, D_out]) -> float16[N, D_out] {\nreturn input @ weights }\n";
  test.each([
    [
      `${layer}forward(${t("[[1, 2]]")}, ${t("[[1], [2], [3]]")})`,
      "forward: weights is [3, 1], expected float16[D_in, D_out]: D_in is 3 here and 2 in input [1, 2]",
    ],
    [
      `${layer}forward(${t("[1, 2]")}, ${t("[[1]]")})`,
      "forward: input is [2], expected float16[N, D_in]: 1 dimensions instead of 2",
    ],
    [
      `fn f(a: float16[N, N]) {}\nf(${t("[[1, 2]]")})`,
      "f: a is [1, 2], expected float16[N, N]: N is 2 here and 1 in a [1, 2]",
    ],
    [`fn f(a: float16[2, 3]) {}\nf(${t("[[1, 2]]")})`, "f: a is [1, 2], expected float16[2, 3]: dimension 0 is 1"],
    [
      `fn f(a: float16[N]) -> float16[N] {\nreturn ${t("[1, 2, 3]")} }\nf(${t("[1]")})`,
      "f: the result is [3], expected float16[N]: N is 3 here and 1 in a [1]",
    ],
    ["fn f() -> float16[N] {\nreturn 1 }\nf()", "f: the result has to be a tensor, found the number 1"],
  ])("%s", async (text, message) => expect(await failure(text)).toContain(message));

  test("an error inside a function says where it was called", async () => {
    expect(await failure("fn inner(a) {\n return a + b\n}\nfn outer(a) { return inner(a) }\nouter(1)")).toBe(
      `test.tl:2:13: there is no variable b
  2 |  return a + b
    |             ^
  in inner, called at test.tl:4:22
  in outer, called at test.tl:5:1`,
    );
  });

  test("a function that calls itself for ever is ended", async () => {
    expect(await failure("fn f() { return f() }\nf()")).toContain("f: calls nested more than 100 deep");
  });
});

describe("models and weights", () => {
  test.each([
    [
      'load_model("types.gguf").get_tensor("integer.int8")',
      "tensor 'integer.int8' is I8: tensors of integers are not converted",
    ],
    ['load_model("types.gguf").get_tensor("float")', 'there is no tensor "float"; there are 32: float.F16'],
    ['load_model("types.gguf").predict(1)', "predict runs Core ML models; a GGUF file has no program"],
    [`load_model("${fixtureModel("linear")}").get_tensor("w")`, "get_tensor reads SafeTensors and GGUF files"],
    [`save_model(load_model("${fixtureModel("linear")}"), "x.safetensors")`, "save_model writes SafeTensors"],
    [`load_model("${fixtureModel("linear")}").predict(tensor<float16>([1]))`, "test.tl:1:1: "],
    ['print(load_model("types.gguf").metadata.formt)', "has no member formt; did you mean format?"],
  ])("%s", async (text, message) => expect(await failure(text, weightFiles)).toContain(message));
});
