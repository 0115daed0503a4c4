import { expect, test } from "bun:test";
import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { withLock } from "../../scripts/setup/lock.ts";
import { temporaryFolder } from "./temporary.ts";

const lockModule = join(import.meta.dir, "../../scripts/setup/lock.ts");
const neverCalled = () => expect.unreachable("waited for a lock that nobody holds");

function deadProcess(): number {
  const child = Bun.spawnSync(["true"]);
  return child.pid;
}

test("processes that count under the lock lose no count", async () => {
  using folder = temporaryFolder();
  const counter = folder.write("counter", "0");
  const script = `
    import { withLock } from ${JSON.stringify(lockModule)};
    import { readFileSync, writeFileSync } from "node:fs";
    for (let round = 0; round < 5; round++) {
      await withLock(${JSON.stringify(join(folder.path, "lock"))}, async () => {
        const seen = Number(readFileSync(${JSON.stringify(counter)}, "utf8"));
        await Bun.sleep(5);
        writeFileSync(${JSON.stringify(counter)}, String(seen + 1));
      }, { pollMs: 2 });
    }`;
  const children = Array.from({ length: 4 }, () => Bun.spawn([process.execPath, "-e", script]));
  expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0, 0]);
  expect(readFileSync(counter, "utf8")).toBe("20");
  expect(readdirSync(folder.path)).toEqual(["counter"]);
});

test("the second one waits, says so once, and goes on", async () => {
  using folder = temporaryFolder();
  const lock = join(folder.path, "lock");
  const order: string[] = [];
  const first = withLock(lock, async () => {
    await Bun.sleep(60);
    order.push("first");
  });
  const second = withLock(lock, async () => order.push("second"), {
    pollMs: 5,
    onWait: (holder) => order.push(holder),
  });
  await Promise.all([first, second]);
  expect(order).toEqual([`process ${process.pid}`, "first", "second"]);
});

test("the lock of a dead process is taken over", async () => {
  using folder = temporaryFolder();
  const holder = { pid: deadProcess(), host: hostname(), token: "old" };
  const lock = folder.write("lock", JSON.stringify(holder));
  expect(await withLock(lock, async () => "done", { onWait: neverCalled })).toBe("done");
  expect(readdirSync(folder.path)).toEqual([]);
});

test("another machine's lock is taken over only when its heartbeat stopped", async () => {
  using folder = temporaryFolder();
  const lock = folder.write("lock", JSON.stringify({ pid: 1, host: "elsewhere", token: "old" }));
  let waits = 0;
  const run = withLock(lock, async () => "done", { pollMs: 5, staleAfterMs: 1000, onWait: () => waits++ });
  await Bun.sleep(50);
  expect(waits).toBe(1);
  const longAgo = new Date(Date.now() - 5000);
  utimesSync(lock, longAgo, longAgo);
  expect(await run).toBe("done");
});

test("a lock file that was cut short is waited for, then taken over by its age", async () => {
  using folder = temporaryFolder();
  const lock = folder.write("lock", '{"pi');
  const longAgo = new Date(Date.now() - 5000);
  utimesSync(lock, longAgo, longAgo);
  expect(await withLock(lock, async () => "done", { staleAfterMs: 1000, onWait: neverCalled })).toBe("done");
});

test("a failing body releases the lock; a lock that was taken over is left to its new owner", async () => {
  using folder = temporaryFolder();
  const lock = join(folder.path, "lock");
  const failing = withLock(lock, async () => {
    throw new Error("body");
  });
  await expect(failing).rejects.toThrow("body");
  expect(existsSync(lock)).toBe(false);
  await withLock(lock, async () => writeFileSync(lock, JSON.stringify({ pid: 1, host: "elsewhere", token: "theirs" })));
  expect(existsSync(lock)).toBe(true);
});
