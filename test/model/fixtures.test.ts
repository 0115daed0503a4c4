import { expect, test } from "bun:test";
import { TensorLogicError } from "../../src/index.ts";
import { caseNames, differFromExpected, inputsOf, openCase, readCase } from "./fixture-case.ts";

test.each(caseNames)("%s gives what PyTorch or NumPy gives", async (name) => {
  const fixture = readCase(name);
  using model = await openCase(fixture);
  const options = fixture.stateful ? { state: model.newState() } : {};
  for (const [n, step] of fixture.steps.entries()) {
    const inputs = inputsOf(step, fixture.folder);
    if (step.error) {
      expect(() => model.predictSync(inputs, options)).toThrow(TensorLogicError);
      continue;
    }
    const outputs = n % 2 === 0 ? model.predictSync(inputs, options) : await model.predict(inputs, options);
    for (const [output, want] of Object.entries(step.expected)) {
      const difference = differFromExpected(outputs[output], want, fixture.folder);
      if (difference !== "") throw new Error(`step ${n}, ${output}: ${difference}`);
    }
  }
});
