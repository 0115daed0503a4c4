import { loadavg } from "node:os";

export interface Samples {
  medianMs: number;
  minMs: number;
}

export interface Contender {
  name: string;
  run(): unknown | Promise<unknown>;
}

/** Long enough for a pool's spinning threads to park, so that no contender pays for the one before it. */
const pauseMs = 20;

/**
 * Runs the contenders in turns A B A B …; in its turn each runs once untimed, then once timed.
 * Interleaving spreads the machine's own mood over all of them.
 */
export async function interleave(contenders: Contender[], rounds: number): Promise<Samples[]> {
  const times = contenders.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      await Bun.sleep(pauseMs);
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
