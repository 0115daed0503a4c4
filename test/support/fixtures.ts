import { join } from "node:path";

/** The folder of fixture models, see test/fixtures/README.md. */
export const fixtures = join(import.meta.dir, "..", "fixtures", "models");

/** Path of a fixture's model. */
export function fixtureModel(id: string): string {
  return join(fixtures, id, "model.mlpackage");
}
