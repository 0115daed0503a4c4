import { loadavg } from "node:os";

export interface Samples {
  medianMs: number;
  minMs: number;
}

/** Another process that a contender runs in. */
export interface OtherProcess {
  cpuMs(): Promise<number>;
}

export interface Contender {
  name: string;
  run(): unknown | Promise<unknown>;
  /** In another process: one run untimed, then the milliseconds of one by that process's own clock. */
  sample?(): Promise<number>;
  process?: OtherProcess;
}

/** A look every 20 ms; ONNX Runtime's threads were seen to spin for over 20 ms after a run, for less than 100 ms. */
const lookMs = 20;

/**
 * Waits until no thread of this process or of the contenders' is running, so that nobody pays for the spinning threads
 * of the one before: their CPU time together must have stood still (under a tenth of a core) for one look.
 */
async function quiet(others: readonly OtherProcess[]): Promise<void> {
  const cpuMs = async () => {
    const elsewhere = await Promise.all(others.map((other) => other.cpuMs()));
    const { user, system } = process.cpuUsage();
    return elsewhere.reduce((sum, ms) => sum + ms, (user + system) / 1000);
  };
  let before = await cpuMs();
  for (let look = 0; look < 50; look++) {
    await Bun.sleep(lookMs);
    const after = await cpuMs();
    if (after - before < lookMs / 10) return;
    before = after;
  }
  throw new Error("the contenders' threads did not come to rest within a second");
}

/** One run untimed, then the milliseconds of one. */
export async function sampleHere(contender: Contender): Promise<number> {
  await contender.run();
  const start = Bun.nanoseconds();
  await contender.run();
  return (Bun.nanoseconds() - start) / 1e6;
}

/**
 * Runs the contenders in turns A B A B …; in its turn each runs once untimed, then once timed.
 * Interleaving spreads the machine's own mood over all of them.
 */
export async function interleave(contenders: readonly Contender[], rounds: number): Promise<Samples[]> {
  const others = [...new Set(contenders.map(({ process }) => process).filter((other) => other !== undefined))];
  const times = contenders.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      await quiet(others);
      times[i]!.push(await (contender.sample?.() ?? sampleHere(contender)));
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
