import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureReady } from "../../scripts/setup/ensure.ts";
import { describeHelp, inferHelp, overview } from "./help.ts";
import { UsageError } from "./usage.ts";

interface Command {
  help: string;
  load(): Promise<{ run(args: string[], ready: () => Promise<unknown>): Promise<void> }>;
}

// Loaded on demand: `--help` needs none of it. What they import is free of node_modules until a model is loaded, because a command checks
// its arguments before the set-up (`ready`) may have to install anything.
const commands: Readonly<Record<string, Command>> = {
  infer: { help: inferHelp, load: () => import("./infer.ts") },
  describe: { help: describeHelp, load: () => import("./describe.ts") },
};

const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    await Bun.write(Bun.stdout, overview);
    return name === undefined ? exitCodes.usage : exitCodes.done;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    await Bun.write(Bun.stderr, `error: no command ${name}; there are ${Object.keys(commands).join(", ")}\n`);
    return exitCodes.usage;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    await Bun.write(Bun.stdout, command.help);
    return exitCodes.done;
  }
  try {
    await (await command.load()).run(rest, ready);
    return exitCodes.done;
  } catch (error) {
    return report(error, name);
  }
}

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

/** Expected errors are one line; anything else is a bug and shows where it happened. */
async function report(error: unknown, name: string): Promise<number> {
  if (error instanceof UsageError) {
    await Bun.write(Bun.stderr, `error: ${error.message}\nbun run ${name} --help tells the usage\n`);
    return exitCodes.usage;
  }
  const { TensorLogicError } = await import("../errors.ts");
  const text =
    error instanceof TensorLogicError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  await Bun.write(Bun.stderr, `error: ${text}\n`);
  return exitCodes.failed;
}

process.exitCode = await main(process.argv.slice(2));
