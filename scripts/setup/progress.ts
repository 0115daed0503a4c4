import { writeSync } from "node:fs";

let hasOpenLine = false;

function write(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // A closed or full stderr must not end the set-up.
  }
}

/** Prints one line of set-up progress to stderr: stdout belongs to the command. */
export function say(text: string): void {
  if (hasOpenLine) write("\n");
  hasOpenLine = false;
  write(`${text}\n`);
}

/**
 * A step of known or unknown size. On a terminal its line is redrawn; elsewhere (CI logs) it prints a line when the
 * step starts, every tenth of the way, and when it ends.
 */
export function startStep(title: string, total = 0) {
  // Asked only when there is a step: the first look at process.stderr takes 10 to 20 ms (Bun 1.4.5).
  const isTerminal = Boolean(process.stderr.isTTY);
  const startedMs = performance.now();
  let lastTenth = 0;
  let lastDrawMs = 0;
  const seconds = () => ((performance.now() - startedMs) / 1000).toFixed(0);
  if (isTerminal) {
    if (hasOpenLine) write("\n");
    write(`${title} …`);
    hasOpenLine = true;
  } else {
    say(`${title} …`);
  }
  return {
    update(done: number, detail = ""): void {
      const percent = total > 0 ? Math.min(100, Math.floor((done / total) * 100)) : 0;
      const share = total > 0 ? `${percent} %` : "";
      const text = [title, share, detail, `${seconds()} s`].filter(Boolean).join("  ");
      if (isTerminal) {
        if (performance.now() - lastDrawMs < 80) return;
        lastDrawMs = performance.now();
        write(`\r\x1b[2K${text}`);
        hasOpenLine = true;
      } else if (Math.floor(percent / 10) > lastTenth) {
        lastTenth = Math.floor(percent / 10);
        say(text);
      }
    },
    done(detail = ""): void {
      const text = `${title}: done in ${seconds()} s${detail ? `, ${detail}` : ""}`;
      if (isTerminal) write(`\r\x1b[2K${text}\n`);
      else say(text);
      hasOpenLine = false;
    },
  };
}

export type Step = ReturnType<typeof startStep>;

export function megabytes(byteLength: number): string {
  return `${(byteLength / 1e6).toFixed(0)} MB`;
}
