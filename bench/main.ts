/**
 * `bun run bench ffi [OPTION…]`    what one call of `request.run()` costs
 * `bun run bench peers [OPTION…]`  tensorlogic against ONNX Runtime on the same networks
 *
 * bench/README.md has the options and what the peers need.
 */
import { join } from "node:path";
import { ensureReady } from "../scripts/setup/ensure.ts";

const benches = ["ffi", "peers"];
const [name, ...rest] = Bun.argv.slice(2);
if (name === undefined || !benches.includes(name)) {
  const isHelp = name === "--help" || name === "-h";
  (isHelp ? console.log : console.error)(`usage: bun run bench ${benches.join(" | ")} [OPTION…]   (bench/README.md)`);
  process.exit(isHelp ? 0 : 2);
}
await ensureReady();
const child = Bun.spawn([process.execPath, join(import.meta.dir, `${name}.ts`), ...rest], {
  stdio: ["inherit", "inherit", "inherit"],
});
process.exit(await child.exited);
