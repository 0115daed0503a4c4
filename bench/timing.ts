import { loadavg } from "node:os";

export interface Samples {
  medianMs: number;
  minMs: number;
}

export interface Contender {
  name: string;
  run(): unknown | Promise<unknown>;
}

/** A look every 20 ms; ONNX Runtime's threads were seen to spin for over 20 ms after a run, for less than 100 ms. */
const lookMs = 20;

/**
 * Waits until no thread of this process is running, so that no contender pays for the spinning threads of the one
 * before it: the process's own CPU time must have stood still (under a tenth of a core) for one look.
 */
async function quiet(): Promise<void> {
  for (let look = 0; look < 50; look++) {
    const before = process.cpuUsage();
    await Bun.sleep(lookMs);
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 < lookMs / 10) return;
  }
  throw new Error("this process's threads did not come to rest within a second");
}

/**
 * Runs the contenders in turns A B A B …; in its turn each runs once untimed, then once timed.
 * Interleaving spreads the machine's own mood over all of them.
 */
export async function interleave(contenders: Contender[], rounds: number): Promise<Samples[]> {
  const times = contenders.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      await quiet();
      await contender.run();
      const start = Bun.nanoseconds();
      await contender.run();
      times[i]!.push((Bun.nanoseconds() - start) / 1e6);
    }
  }
  return times.map(summarise);
}

export function summarise(times: number[]): Samples {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const medianMs = sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { medianMs, minMs: sorted[0]! };
}

/** A busy machine makes every number wrong: said before the numbers, not after. */
export function warnIfBusy(): void {
  const load = loadavg()[0]!;
  if (load > 0.5) console.warn(`warning: load average is ${load.toFixed(2)} before the first run; expect noise\n`);
}

export function row(cells: (string | number)[], widths: number[]): string {
  return cells
    .map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]!) : String(cell).padStart(widths[i]!)))
    .join("  ");
}
