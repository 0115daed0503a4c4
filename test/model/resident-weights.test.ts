import { expect, test } from "bun:test";
import { shell } from "../support/shell.ts";

// KiB of every mapping of weight.bin that are in memory, and its size.
const script = `
  import { readFileSync, statSync } from "node:fs";
  import { loadModel, Tensor } from "./src/index.ts";
  const path = "models/efficientnet_lite0.mlpackage";
  const model = await loadModel(path);
  const x = { image: Tensor.zeros([224, 224, 3], "uint8") };
  const first = model.predictSync(x).classLabel;
  const blocks = readFileSync("/proc/self/smaps", "utf8").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const mapped = blocks.filter((block) => block.split("\\n", 1)[0].endsWith("weight.bin"));
  const resident = mapped.reduce((sum, block) => sum + Number(block.match(/^Rss: +(\\d+)/m)[1]), 0);
  const size = statSync(path + "/Data/com.apple.CoreML/weights/weight.bin").size >> 10;
  console.log(JSON.stringify({ mappings: mapped.length, resident, size, isSame: model.predictSync(x).classLabel === first }));`;

test.skipIf(process.platform !== "linux")("weights count once: packed, not also as pages of their file", async () => {
  const { stdout, stderr } = await shell([process.execPath, "-e", script]);
  expect(stderr).toBe("");
  const { mappings, resident, size, isSame } = JSON.parse(stdout);
  expect(mappings).toBe(1);
  // Constants that kernels read where they lie stay: biases, and what the system reads ahead around them.
  expect(resident / size).toBeLessThan(0.25);
  expect(isSame).toBe(true);
});
