import { homedir } from "node:os";
import { dirname, join } from "node:path";

export const projectRoot = dirname(dirname(import.meta.dir));

/** Where downloads that outlive a checkout go: `TENSORLOGIC_CACHE`, else the user's cache folder. */
export function cacheFolder(): string {
  const own = process.env.TENSORLOGIC_CACHE;
  if (own) return own;
  const xdg = process.env.XDG_CACHE_HOME;
  return join(xdg ? xdg : join(homedir(), ".cache"), "tensorlogic");
}
