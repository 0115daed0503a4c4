/**
 * `bun run bench [MODEL] [OPTION…]` is the command of src/cli/bench.ts. For engineers of this package:
 *
 * `bun run bench ffi [OPTION…]`    what one call of `request.run()` costs
 * `bun run bench start [OPTION…]`  start of a process to its first result, and its memory
 * `bun run bench peers [OPTION…]`  tensorlogic against ONNX Runtime, OpenVINO and PyTorch on the same networks
 * `bun run bench scaling [OPTION…]`  what a unit of work costs as work grows, and what a second thread brings
 * `bun run bench report [OPTION…]`  all figures and charts of docs/performance.md
 * `bun run bench load [OPTION…]`  what busy processes beside it do to a run
 * `bun run bench weights [OPTION…]`  SafeTensors and GGUF against their Python packages
 * `bun run bench metal [OPTION…]`  operations as Metal kernels against the CPU's kernels
 *
 * bench/README.md has the options and what the peers need.
 */
import { join } from "node:path";
import { ensureReady } from "../scripts/setup/ensure.ts";

const benches = ["ffi", "start", "peers", "scaling", "load", "report", "weights", "metal"];
const [name, ...rest] = Bun.argv.slice(2);
const isOurs = name !== undefined && benches.includes(name);
if (isOurs) await ensureReady();
const command = isOurs
  ? [join(import.meta.dir, `${name}.ts`), ...rest]
  : [join(import.meta.dir, "../src/cli/main.ts"), "bench", ...Bun.argv.slice(2)];
const child = Bun.spawn([process.execPath, ...command], { stdio: ["inherit", "inherit", "inherit"] });
process.exit(await child.exited);
