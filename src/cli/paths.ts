import { join, relative } from "node:path";
import type { CropMode } from "../index.ts";

const root = join(import.meta.dir, "..", "..");

/** The model that a command takes when none is named. */
export interface DefaultModel {
  path: string;
  /** How it is called in what is printed. */
  name: string;
  /** What it is run on when nothing is given. */
  photo?: string;
  /** How it was trained to see photos. */
  crop: CropMode;
  /** No other model can be named: all arguments are inputs. */
  isOnly?: boolean;
}

export const bundledModel: DefaultModel = {
  path: join(root, "models", "efficientnet_lite0.mlpackage"),
  name: shortPath(join(root, "models", "efficientnet_lite0.mlpackage")),
  photo: join(root, "models", "photos", "cat.png"),
  crop: "imagenet",
};

/** A path as the user would type it: relative where that is shorter. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== "" && short.length < path.length ? short : path;
}
