import { expect, test } from "bun:test";
import { TensorLogicError } from "../../src/index.ts";
import { inputsOf, openCase, readCase } from "./fixture-case.ts";

/** Sizes of this model's outputs come from its inputs: terabytes must be an error that says how much and why, not the end of the process. */
const fixture = readCase("sizes_from_data_f32");
const refused = fixture.steps.filter((step) => step.error);

test.each([
  ["range_1d", /operation range_1d 'counted'.*\[999999995904\].*MiB, more than this machine has to spare/s],
  ["fill", /operation fill 'filled'.*\[1048576, 1048576\].*MiB, more than this machine has to spare/s],
])("%s past three quarters of the memory is refused by name", async (name, message) => {
  using model = await openCase(fixture);
  const step = refused[name === "range_1d" ? 0 : 1]!;
  const run = () => model.predictSync(inputsOf(step, fixture.folder));
  expect(run).toThrow(TensorLogicError);
  expect(run).toThrow(message);
});
