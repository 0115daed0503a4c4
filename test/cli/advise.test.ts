import { describe, expect, test } from "bun:test";
import { fixtureModel } from "../support/fixtures.ts";
import { bunRun } from "../support/shell.ts";

const overflowing = "x=[[300, -2, 5, 400, -350, 1, 0.5, 60]]";

describe("advise", () => {
  test("a model without findings, from notes on", async () => {
    const { code, stdout, stderr } = await bunRun("advise", fixtureModel("add_one"), "--fail-on", "note");
    expect(stderr).toBe("");
    expect(stdout).toContain("No findings: nothing is known to keep this model off the Neural Engine.");
    expect(stdout).toContain("Ranges were not looked at");
    expect(code).toBe(0);
  });

  test("the bundled model: notes do not fail", async () => {
    const { code, stdout } = await bunRun("advise");
    expect(stdout).toContain("note  The image's scale and bias (add, mul) are applied in f32. (f32-image-scaling)");
    expect(code).toBe(0);
    expect((await bunRun("advise", "--fail-on", "note")).code).toBe(3);
  });

  test("f32 is critical, unless it shall never fail", async () => {
    const { code, stdout } = await bunRun("advise", fixtureModel("linear_f32"));
    expect(stdout).toContain("critical  The only operation computes in f32. (f32-precision)");
    expect(stdout).toContain(
      'fix     ct.convert(model, convert_to="mlprogram", compute_precision=ct.precision.FLOAT16)',
    );
    expect(code).toBe(3);
    expect((await bunRun("advise", fixtureModel("linear_f32"), "--fail-on", "never")).code).toBe(0);
  });

  test("inputs name the operation that overflows, with its range", async () => {
    const { code, stdout } = await bunRun("advise", fixtureModel("rms_norm_naive"), overflowing);
    expect(stdout).toContain("critical  squared (mul) overflows f16: 3 of 8 elements become infinite. (overflow)");
    expect(stdout).toContain("In f32 its values are 0.25 to 160000; f16 ends at 65504.");
    expect(stdout).toContain("At the end y is off by 100 %.");
    expect(code).toBe(3);
    // The same model on small numbers is fine.
    expect((await bunRun("advise", fixtureModel("rms_norm_naive"), "--random")).code).toBe(0);
  });

  test("an underflow", async () => {
    const { code, stdout } = await bunRun("advise", fixtureModel("underflow"), "x=[[1e-4, 1.1e-4, -1e-4, 0.9e-4]]");
    expect(stdout).toContain("critical  squared (mul) underflows f16: 4 of 4 elements become zero. (underflow)");
    expect(code).toBe(3);
  });

  test("--json", async () => {
    const { stdout } = await bunRun("advise", fixtureModel("flexible_range"), "--random", "--json");
    const { compared, findings } = JSON.parse(stdout);
    expect(compared).toBe(true);
    expect(findings.map(({ rule }: { rule: string }) => rule)).toEqual(["range-shapes"]);
    expect(findings[0].source.url).toStartWith("https://developer.apple.com/");
  });

  test("a stateful model is compared from empty states", async () => {
    const { code, stderr } = await bunRun("advise", fixtureModel("stateful"), "--random", "--fail-on", "never");
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("wrong usage", async () => {
    const { code, stderr } = await bunRun("advise", "--fail-on", "error");
    expect(stderr).toContain("--fail-on error: expected note, warning, critical, never");
    expect(code).toBe(2);
    expect((await bunRun("advise", fixtureModel("add_one"), "x=[[1]]", "--random")).code).toBe(2);
    expect((await bunRun("advise", "nowhere.mlpackage")).code).toBe(1);
  });
});
