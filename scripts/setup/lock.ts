import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";

export interface LockOptions {
  /** A lock whose file was not touched for so long is taken over even if its process cannot be looked up. */
  staleAfterMs?: number;
  pollMs?: number;
  /** Called once when somebody else holds the lock. */
  onWait?: (holder: string) => void;
}

interface Holder {
  pid: number;
  host: string;
  token: string;
}

function readHolder(path: string): { holder: Holder; idleMs: number } | undefined {
  try {
    const idleMs = Date.now() - statSync(path).mtimeMs;
    const text = readFileSync(path, "utf8");
    try {
      return { holder: JSON.parse(text) as Holder, idleMs };
    } catch {
      // Cut short by a crash between open and write: nobody to ask, so only its age counts.
      return { holder: { pid: 0, host: "", token: text }, idleMs };
    }
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isStale(holder: Holder, idleMs: number, staleAfterMs: number): boolean {
  if (idleMs > staleAfterMs) return true;
  return holder.host === hostname() && holder.pid > 0 && !isAlive(holder.pid);
}

function tryCreate(path: string, holder: Holder): boolean {
  try {
    const file = openSync(path, "wx");
    writeSync(file, JSON.stringify(holder));
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes a stale lock. Of two waiters that see the same stale lock, one must not remove the other's fresh one. */
function removeStale(path: string, stale: Holder, token: string): void {
  const aside = `${path}.${token}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readHolder(aside)?.holder.token !== stale.token) {
    try {
      linkSync(aside, path);
    } catch {
      // Somebody locked in the meantime: theirs stands.
    }
  }
  unlinkSync(aside);
}

/** Runs `body` while holding the lock file; a second process waits. The holder's heartbeat is the file's mtime. */
export async function withLock<T>(path: string, body: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const { staleAfterMs = 60_000, pollMs = 200, onWait } = options;
  const own: Holder = { pid: process.pid, host: hostname(), token: crypto.randomUUID() };
  mkdirSync(dirname(path), { recursive: true });
  let hasSaid = false;
  while (!tryCreate(path, own)) {
    const found = readHolder(path);
    if (!found) continue;
    if (isStale(found.holder, found.idleMs, staleAfterMs)) {
      removeStale(path, found.holder, own.token);
      continue;
    }
    if (!hasSaid) onWait?.(found.holder.pid > 0 ? `process ${found.holder.pid}` : "another process");
    hasSaid = true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const release = () => {
    if (readHolder(path)?.holder.token === own.token) unlinkSync(path);
  };
  const heartbeat = setInterval(
    () => {
      try {
        utimesSync(path, new Date(), new Date());
      } catch {
        // Taken over: release() leaves the other's file alone.
      }
    },
    Math.min(5_000, staleAfterMs / 4),
  );
  process.once("exit", release);
  try {
    return await body();
  } finally {
    clearInterval(heartbeat);
    process.off("exit", release);
    release();
  }
}
