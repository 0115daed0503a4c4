type AnyFunction = (...args: never[]) => unknown;

/** Wraps every function so that the process prints calls, median and p99 (in µs) per function to stderr when it exits. */
export function traced<Table extends object>(table: Table): Table {
  const durations = new Map<string, number[]>();
  const wrapped: Record<string, AnyFunction> = {};
  for (const [name, call] of Object.entries(table as Record<string, AnyFunction & { ptr?: number }>)) {
    const times: number[] = [];
    durations.set(name, times);
    const timed = (...args: never[]) => {
      const start = Bun.nanoseconds();
      const result = call(...args);
      times.push(Bun.nanoseconds() - start);
      return result;
    };
    wrapped[name] = Object.assign(timed, { ptr: call.ptr });
  }
  process.on("exit", () => process.stderr.write(formatTrace(durations)));
  return wrapped as Table;
}

/** The table that `TENSORLOGIC_TRACE_FFI=1` prints, most expensive function first. */
export function formatTrace(durations: ReadonlyMap<string, readonly number[]>): string {
  const rows = [...durations]
    .filter(([, times]) => times.length > 0)
    .map(([name, times]) => {
      const sorted = [...times].sort((a, b) => a - b);
      const at = (quantile: number) =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))]! / 1000;
      return {
        name,
        calls: times.length,
        median: at(0.5),
        p99: at(0.99),
        total: times.reduce((sum, time) => sum + time, 0),
      };
    })
    .sort((a, b) => b.total - a.total);
  const lines = rows.map(
    ({ name, calls, median, p99 }) =>
      `${name.padEnd(26)}${String(calls).padStart(10)}${median.toFixed(2).padStart(14)}${p99.toFixed(2).padStart(14)}`,
  );
  return [
    `${"native function".padEnd(26)}${"calls".padStart(10)}${"median µs".padStart(14)}${"p99 µs".padStart(14)}`,
    ...lines,
    "",
  ].join("\n");
}
