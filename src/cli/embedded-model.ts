import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "../../scripts/setup/paths.ts";
import type { CropMode } from "../index.ts";

/** A model inside an executable. */
export interface EmbeddedModel {
  name: string;
  /** Of its content: what it is unpacked under. */
  hash: string;
  crop: CropMode;
  /** Relative path (empty: the model is one file) and where the executable holds it. */
  files: readonly (readonly [path: string, embedded: string])[];
}

const keepMs = 30 * 24 * 3600 * 1000;

const modelsFolder = () => join(cacheFolder(), "models");

export function embeddedModelPath(model: EmbeddedModel): string {
  return join(modelsFolder(), model.hash, model.name);
}

/** Unpacks the model unless an earlier start did. A folder that has its final name is whole. */
export async function unpackModel(model: EmbeddedModel): Promise<void> {
  const root = modelsFolder();
  const folder = join(root, model.hash);
  if (touch(folder)) return;
  try {
    mkdirSync(root, { recursive: true });
    removeUnused(root);
    const growing = mkdtempSync(join(root, ".unpacking-"));
    for (const [path, embedded] of model.files) {
      const to = join(growing, model.name, path);
      mkdirSync(dirname(to), { recursive: true });
      await Bun.write(to, Bun.file(embedded));
    }
    try {
      renameSync(growing, folder);
    } catch (error) {
      rmSync(growing, { recursive: true, force: true });
      // Another start was faster.
      if (!touch(folder)) throw error;
    }
  } catch (error) {
    const { IoError } = await import("../errors.ts");
    throw new IoError(
      `${model.name} is unpacked into ${root}, which cannot be written: set TENSORLOGIC_CACHE to a folder that can (${(error as Error).message})`,
      { cause: error },
    );
  }
}

/** Marks as used; false: not there. */
function touch(folder: string): boolean {
  try {
    statSync(folder);
  } catch {
    return false;
  }
  try {
    utimesSync(folder, new Date(), new Date());
  } catch {
    // A folder of somebody else, or read-only: it is used all the same.
  }
  return true;
}

function removeUnused(root: string): void {
  for (const name of readdirSync(root)) {
    const folder = join(root, name);
    try {
      if (Date.now() - statSync(folder).mtimeMs > keepMs) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another start removes it at the same time.
    }
  }
}
