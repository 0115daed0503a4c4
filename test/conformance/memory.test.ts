import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shell } from "../support/shell.ts";

test("loading and running every recorded case in one process leaves no handle and at most 64 MB", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tensorlogic-memory-"));
  try {
    const tar = await shell(["tar", "-xzf", join(import.meta.dir, "cases.tar.gz"), "-C", folder]);
    expect(tar.code).toBe(0);
    const { code, stdout, stderr } = await shell([process.execPath, join(import.meta.dir, "memory.ts"), folder]);
    expect([code, stderr]).toEqual([0, ""]);
    const { cases, before, after } = JSON.parse(stdout);
    expect(cases).toBeGreaterThan(400);
    expect(after.handles).toBe(before.handles);
    expect(after.rssMb - before.rssMb).toBeLessThan(64);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
