import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel, TensorLogicError } from "../../src/index.ts";
import { caseNames, inputsOf, readCase } from "./fixture-case.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "tensorlogic-networks-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const rounds = 60;

/** Loads and predicts; any outcome will do but another error than ours, or the end of the process. */
async function attempt(path: string, inputs: ReturnType<typeof inputsOf>): Promise<void> {
  try {
    using model = await loadModel(path);
    model.predictSync(inputs);
  } catch (error) {
    expect(error).toBeInstanceOf(TensorLogicError);
  }
}

// A damaged loop may run for as long as its number says.
const networks = caseNames.filter((name) => name.startsWith("nn_") && name !== "nn_loop");

test.each(networks)("%s with flipped bytes and cut short never ends the process", async (name) => {
  const fixture = readCase(name);
  const good = readFileSync(join(fixture.folder, fixture.model));
  const inputs = inputsOf(fixture.steps[0]!, fixture.folder);
  const path = join(folder, `${name}.mlmodel`);
  let seed = 11;
  const random = (limit: number) => (seed = (seed * 48271) % 0x7fffffff) % limit;
  for (let round = 0; round < rounds; round++) {
    const bytes = Uint8Array.from(good);
    for (let flips = 0; flips < 1 + (round % 4); flips++) bytes[random(bytes.length)] = random(256);
    writeFileSync(path, round % 6 === 5 ? bytes.subarray(0, random(bytes.length)) : bytes);
    await attempt(path, inputs);
  }
});
