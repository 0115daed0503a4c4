/** A whole number above 0 from the command line. */
export function countOption(name: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  console.error(`--${name} wants a whole number above 0, got ${text}`);
  process.exit(2);
}

/** Starts the script again unless it runs with so many threads: the pool's size is read once, when the library loads, from the environment that the process was started with. */
export function withThreads(threads: number, script: string): void {
  if (process.env.TENSORLOGIC_THREADS === String(threads)) return;
  const again = Bun.spawnSync([process.execPath, ...process.execArgv, script, ...Bun.argv.slice(2)], {
    env: { ...process.env, TENSORLOGIC_THREADS: String(threads) },
    stdio: ["inherit", "inherit", "inherit"],
  });
  process.exit(again.exitCode);
}
