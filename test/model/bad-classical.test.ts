import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type FeatureInput,
  loadModel,
  type Model,
  Tensor,
  TensorLogicError,
  UnsupportedError,
} from "../../src/index.ts";

const folder = join(import.meta.dir, "../fixtures/classical");

/** What the message has to name, besides the file. */
const mustName: Record<string, RegExp> = {
  tree_cycle: /tree 7 is part of a cycle/,
  tree_own_child: /tree 7 is part of a cycle/,
  tree_child_missing: /404/,
  tree_child_shared: /node 2 of tree 7 is the child of two/,
  tree_node_twice: /tree 7 has two nodes 5/,
  tree_two_roots: /tree 7 has two roots/,
  tree_feature_outside: /1099511627776/,
  tree_dimension_outside: /9223372036854775808/,
  tree_dimensions_huge: /1125899906842624/,
  tree_base_values: /2 base prediction values for 1/,
  tree_classes: /2 prediction dimensions for 3 classes/,
  tree_empty: /no nodes/,
  glm_width: /4 numbers.*3/,
  glm_rows: /row 1 has 1/,
  glm_offsets: /2 offsets/,
  glm_classes: /1 rows of weights for 3 classes/,
  glm_label_type: /output 'label'/,
  svm_no_probabilities: /probA/,
  svm_counts: /more support vectors than the 3/,
  svm_vectors_left: /1 of the 3 support vectors/,
  svm_coefficients: /4 coefficients for 3/,
  svm_rho: /2 values of rho, expected 1/,
  svm_kernel: /kernel/,
  svm_degree: /degree -2/,
  svm_sparse_index: /index 0/,
  svm_vector_lengths: /support vector 1 has 3/,
  vectorizer_huge: /'x' has 4611686018427387904/,
  vectorizer_zero: /'x' has 0/,
  vectorizer_column: /nowhere/,
  extractor_outside: /index 2 is outside 'x'/,
  scaler_lengths: /2 scales for the 3/,
  imputer_lengths: /2 imputed values for the 3/,
  normalizer_type: /9/,
  one_hot_empty: /categories/,
  identity_counts: /2 inputs and 1 outputs/,
  neighbors_labels: /2 labels for 3 samples/,
  neighbors_count: /0 neighbours/,
  neighbors_dimensions: /sample 1 has 3 numbers, expected 2/,
  neighbors_no_default: /no default label/,
  recommender_names: /item 5 has no name/,
  suppression_threshold: /IoU threshold of 1\.5/,
  suppression_input: /'nowhere'/,
  suppression_rows: /1099511627776/,
  link_self: /8 linked models/,
  link_missing: /gone\.mlmodelc/,
  link_outside: /"\.\.\/scaler\.mlmodel" is outside/,
  link_absolute: /'\/tmp'/,
  link_empty: /no file name/,
  pipeline_unconnected: /model 0 \(glmRegressor\).*'nowhere'/,
  pipeline_output: /'z'/,
  pipeline_empty: /no models/,
  pipeline_deep: /16 nested pipelines/,
};

const bad = readdirSync(join(folder, "bad"));
const refusedKinds = bad.filter((file) => file.startsWith("kind_")).map((file) => file.slice(5, -".mlmodel".length));

async function failure(path: string): Promise<TensorLogicError> {
  const error = await loadModel(path).then(
    () => undefined,
    (reason) => reason as unknown,
  );
  expect(error).toBeInstanceOf(TensorLogicError);
  return error as TensorLogicError;
}

test("every bad model has a line here", () => {
  const listed = [...Object.keys(mustName), ...refusedKinds.map((kind) => `kind_${kind}`)].map(
    (name) => `${name}.mlmodel`,
  );
  expect(bad.sort()).toEqual(listed.sort());
});

test.each(Object.entries(mustName))("%s is refused by name", async (name, expected) => {
  const { message } = await failure(join(folder, "bad", `${name}.mlmodel`));
  expect(message).toContain(`${name}.mlmodel`);
  expect(message).toMatch(expected);
});

test.each(refusedKinds)("a %s is refused with the reason and what to do", async (kind) => {
  const error = await failure(join(folder, "bad", `kind_${kind}.mlmodel`));
  expect(error).toBeInstanceOf(UnsupportedError);
  expect(error.message).toMatch(new RegExp(`of the kind ${kind} are not supported: .*(Load|Rebuild|Compute)`));
});

/** Some value for every input, of the type that it declares. */
function anyInputs(model: Model): Record<string, FeatureInput> {
  const values: Record<string, FeatureInput> = {};
  for (const { name, type, shape = [], keyType } of model.inputs) {
    if (type === "tensor") values[name] = Tensor.zeros(shape.length > 0 ? shape : [1], "float64");
    else if (type === "dictionary") values[name] = new Map([[keyType === "int64" ? 1 : "sun", 1]]);
    else if (type === "sequence") values[name] = [];
    else values[name] = type === "string" ? "red" : 1;
  }
  return values;
}

const good = readdirSync(folder).filter((file) => file.endsWith(".mlmodel"));

/** Runs the damaged bytes as far as they go: a result or a TensorLogicError. */
async function survive(path: string, bytes: Uint8Array): Promise<void> {
  writeFileSync(path, bytes);
  try {
    using model = await loadModel(path);
    if (model.inputs.every(({ shape = [] }) => shape.reduce((a, b) => a * b, 1) < 1e6))
      model.predictSync(anyInputs(model));
  } catch (error) {
    if (!(error instanceof TensorLogicError)) throw error;
  }
}

test("files cut anywhere and files with a wrong byte anywhere give a result or an error", async () => {
  const scratch = mkdtempSync(join(tmpdir(), "tensorlogic-classical-"));
  const path = join(scratch, "damaged.mlmodel");
  for (const file of good) {
    const bytes = readFileSync(join(folder, file));
    for (let round = 0; round < 60; round++) {
      const at = (round * 7919) % bytes.length;
      await survive(path, bytes.subarray(0, at));
      const changed = Uint8Array.from(bytes);
      changed[at] = changed[at]! ^ (1 << (round % 8));
      await survive(path, changed);
    }
  }
  rmSync(scratch, { recursive: true });
}, 120_000);
