import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeRuntime, Image, loadModel } from "../../src/index.ts";
import { decodeNpy } from "../../src/npy.ts";

const folder = join(import.meta.dir, "../../models");
const labels = readFileSync(join(folder, "labels.txt"), "utf8").trim().split("\n");
const reference: {
  photos: { photo: string; crop: string; probabilities: string; top5: [string, number][] }[];
} = JSON.parse(readFileSync(join(folder, "reference.json"), "utf8"));

/** The whole network in f16 (PyTorch on CPU, 2026-11-25) is off by 0.0025 on the cat, 0.0003 on the coffee, 0.0047 on the rocket. */
const tolerance = 0.01;

async function classify(file: string): Promise<{ label: unknown; probabilities: Map<string, number> }> {
  using model = await loadModel(join(folder, "efficientnet_lite0.mlpackage"));
  const out = await model.predict({ image: await Image.open(join(folder, file)) });
  return { label: out.classLabel, probabilities: out.classLabel_probs as Map<string, number> };
}

test.each(reference.photos)("$crop gives PyTorch's probabilities", async ({ crop, probabilities, top5 }) => {
  const got = await classify(crop);
  expect(got.label).toBe(top5[0]![0]);
  expect([...got.probabilities.keys()].sort()).toEqual([...labels].sort());
  const want = decodeNpy(readFileSync(join(folder, probabilities))).data;
  const worst = labels
    .map((label, i) => ({ label, got: got.probabilities.get(label)!, want: want[i]! }))
    .reduce((a, b) => (Math.abs(b.got - b.want) > Math.abs(a.got - a.want) ? b : a));
  expect(Math.abs(worst.got - worst.want), JSON.stringify(worst)).toBeLessThanOrEqual(tolerance);
});

/** Only the weights are f16 then, which costs 0.0012 here (2026-11-25); the result is no f16 number. */
test("precision f32 computes in f32", async () => {
  using model = await loadModel(join(folder, "efficientnet_lite0.mlpackage"), { precision: "f32" });
  const out = await model.predict({ image: await Image.open(join(folder, "reference/cat_224.png")) });
  const got = (out.classLabel_probs as Map<string, number>).get("tiger cat")!;
  expect(Math.f16round(got)).not.toBe(got);
  expect(Math.abs(got - 0.385782)).toBeLessThanOrEqual(0.003);
});

/** Only AMX gains by products of bf16's precision; the model says when it uses them. */
test("precision fast is stated where it changes results, and changes none elsewhere", async () => {
  const file = join(folder, "efficientnet_lite0.mlpackage");
  using model = await loadModel(file, { precision: "fast" });
  const isFast = describeRuntime().isa === "amx";
  if (process.platform !== "darwin") {
    expect(model.device).toBe(isFast ? "cpu (portable, bf16 products)" : "cpu (portable)");
  }
  const image = await Image.open(join(folder, "reference/cat_224.png"));
  const got = (await model.predict({ image })).classLabel_probs as Map<string, number>;
  const want = (await classify("reference/cat_224.png")).probabilities;
  for (const [label, value] of got) {
    if (isFast || process.platform === "darwin") expect(Math.abs(value - want.get(label)!)).toBeLessThanOrEqual(0.05);
    else expect(value).toBe(want.get(label)!);
  }
});
