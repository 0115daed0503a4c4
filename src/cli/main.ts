/** `bun run infer`, `bun run describe` …: sets up where needed, then runs the command. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureReady } from "../../scripts/setup/ensure.ts";
import { runCommandLine } from "./command-line.ts";
import { bundledModel } from "./paths.ts";

/** Sets up. A process that saw no node_modules goes on seeing none (Bun caches folders), so a new one takes over after their installation. */
async function ready(): Promise<void> {
  const hadPackages = existsSync(join(import.meta.dir, "..", "..", "node_modules"));
  await ensureReady();
  if (hadPackages || import.meta.dir.includes("node_modules")) return;
  const { exitCode } = Bun.spawnSync([process.execPath, ...process.argv.slice(1)], {
    stdio: ["inherit", "inherit", "inherit"],
  });
  process.exit(exitCode);
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  prefix: "bun run",
  ready,
  defaultModel: bundledModel,
});
