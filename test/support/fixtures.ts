import { join } from "node:path";

/** Path of a fixture's model, see test/fixtures/README.md. */
export function fixtureModel(id: string): string {
  return join(import.meta.dir, "..", "fixtures", "models", id, "model.mlpackage");
}
