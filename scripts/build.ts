/** `bun run build` builds the dylib even if its sources did not change, and says where it is. */
import { statSync } from "node:fs";
import { ensureReady } from "./setup/ensure.ts";

if (process.argv.length > 2) {
  console.error("usage: bun run build");
  process.exit(2);
}
const { libraryPath } = await ensureReady({ forceBuild: true });
console.log(`${libraryPath}  ${(statSync(libraryPath).size / 1e6).toFixed(1)} MB`);
