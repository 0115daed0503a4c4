import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";

/** Set-up stopped for a reason that the user can act on: printed without a stack, exit code 1. */
export class SetupError extends Error {
  override name = "SetupError";
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Receives each complete line of stdout and stderr as it comes. */
  onLine?: (line: string) => void;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

const running = new Set<ChildProcess>();
const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A set-up that is told to stop takes its programs with it: none may go on writing beside the next run's. */
function stopAll(signal: NodeJS.Signals): void {
  for (const child of running) child.kill(signal);
  process.exit(128 + constants.signals[signal]);
}

/** Signals are caught only while a program runs: afterwards Ctrl-C must end the command, even inside a native call. */
function track(child: ChildProcess): void {
  if (running.size === 0) for (const signal of stopSignals) process.on(signal, stopAll);
  running.add(child);
}

function untrack(child: ChildProcess): void {
  if (!running.delete(child) || running.size > 0) return;
  for (const signal of stopSignals) process.off(signal, stopAll);
}

/** Runs a program to its end without blocking the event loop: the lock's heartbeat must go on beating. */
export function run(command: string[], options: RunOptions = {}): Promise<RunResult> {
  const [file, ...args] = command;
  if (file === undefined) throw new SetupError("run: empty command");
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env } as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
    });
    track(child);
    const output = { stdout: "", stderr: "" };
    const pending = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8");
      child[name].on("data", (chunk: string) => {
        output[name] += chunk;
        if (!options.onLine) return;
        const lines = (pending[name] + chunk).split(/\r?\n|\r/);
        pending[name] = lines.pop() ?? "";
        for (const line of lines) options.onLine(line);
      });
    }
    child.on("error", (error) => {
      untrack(child);
      resolve({ code: 127, stdout: "", stderr: String(error.message) });
    });
    child.on("close", (code, signal) => {
      untrack(child);
      resolve({ code: code ?? (signal ? 128 : 1), ...output });
    });
  });
}

/** As `run`, but a failure is an error that carries the program's last lines. */
export async function runOrThrow(what: string, command: string[], options: RunOptions = {}) {
  const result = await run(command, options);
  if (result.code !== 0) {
    const tail = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-12).join("\n");
    throw new SetupError(`${what} failed (${command[0]} exited with ${result.code}):\n${tail}`);
  }
  return result;
}
