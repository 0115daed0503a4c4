import { join } from "node:path";

export const projectRoot = join(import.meta.dir, "..", "..");

export interface ShellResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** `bun run ARGS…` in the project, as a user types it; colours off, because stdout is no terminal. */
export async function bunRun(...args: string[]): Promise<ShellResult> {
  return shell([process.execPath, "run", "--silent", ...args]);
}

/** A child process in the project's folder. */
export async function shell(command: string[], env: Record<string, string> = {}): Promise<ShellResult> {
  const child = Bun.spawn(command, {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}
