import { join, relative } from "node:path";

const root = join(import.meta.dir, "..", "..");

export const bundledModel = join(root, "models", "efficientnet_lite0.mlpackage");
export const bundledPhoto = join(root, "models", "photos", "cat.png");

/** A path as the user would type it: relative where that is shorter. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== "" && short.length < path.length ? short : path;
}
