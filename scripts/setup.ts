/**
 * `bun scripts/setup.ts`        sets up everything that the commands need (they do so themselves, too).
 * `bun scripts/setup.ts --env`  prints the shell lines that put the Swift toolchain into the environment:
 *                               eval "$(bun scripts/setup.ts --env)"; swift build …
 */
import { ensureReady } from "./setup/ensure.ts";
import { say } from "./setup/progress.ts";
import { SetupError } from "./setup/run.ts";

async function printEnvironment(): Promise<void> {
  const { ensureToolchain } = await import("./setup/toolchain.ts");
  try {
    const { environment } = await ensureToolchain();
    for (const [name, value] of Object.entries(environment))
      console.log(`export ${name}='${value.replaceAll("'", "'\\''")}'`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exit(1);
  }
}

const [argument, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (argument !== undefined && argument !== "--env")) {
  say(`usage: bun scripts/setup.ts [--env]`);
  process.exit(2);
}
if (argument === "--env") await printEnvironment();
else say(`Ready: ${(await ensureReady()).libraryPath}`);
