import { adviseHelp, benchHelp, compileHelp, describeHelp, inferHelp, overview, tlHelp } from "./help.ts";
import type { DefaultModel } from "./paths.ts";
import { UsageError } from "./usage.ts";

interface Command {
  help: string;
  /** `run` gives an exit code where it is another than that of success. */
  load(): Promise<{
    run(args: string[], ready: () => Promise<unknown>, defaultModel?: DefaultModel): Promise<number | void>;
  }>;
}

// Loaded on demand: `--help` needs none of it. What they import is free of node_modules until a model is loaded, because a command checks
// its arguments before the set-up (`ready`) may have to install anything.
const commands: Readonly<Record<string, Command>> = {
  infer: { help: inferHelp, load: () => import("./infer.ts") },
  describe: { help: describeHelp, load: () => import("./describe.ts") },
  bench: { help: benchHelp, load: () => import("./bench.ts") },
  advise: { help: adviseHelp, load: () => import("./advise.ts") },
  compile: { help: compileHelp, load: () => import("./compile.ts") },
  tl: { help: tlHelp, load: () => import("./tl.ts") },
};

export const exitCodes = { done: 0, failed: 1, usage: 2, findings: 3 } as const;

export function isCommand(name: string | undefined): boolean {
  return name !== undefined && Object.hasOwn(commands, name);
}

export interface Caller {
  /** What is typed before a command's name. */
  prefix: string;
  /** Sets up; called after a command has checked its arguments. */
  ready(): Promise<unknown>;
  defaultModel?: DefaultModel;
}

/** Runs `NAME ARGS…` and gives the process's exit code. */
export async function runCommandLine(args: readonly string[], caller: Caller): Promise<number> {
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
    return (await (await command.load()).run(rest, caller.ready, caller.defaultModel)) ?? exitCodes.done;
  } catch (error) {
    return report(error, `${caller.prefix} ${name}`);
  }
}

/** Expected errors are one line; anything else is a bug and shows where it happened. */
async function report(error: unknown, command: string): Promise<number> {
  if (error instanceof UsageError) {
    await Bun.write(Bun.stderr, `error: ${error.message}\n${command} --help tells the usage\n`);
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
