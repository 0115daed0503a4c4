import { existsSync } from "node:fs";
import { join } from "node:path";

/** The folder of fixture models, see test/fixtures/README.md. */
export const fixtures = join(import.meta.dir, "..", "fixtures", "models");

/** Path of a fixture's model. */
export function fixtureModel(id: string): string {
  const network = join(fixtures, id, "model.mlmodel");
  return existsSync(network) ? network : join(fixtures, id, "model.mlpackage");
}
