import { expect, test } from "bun:test";
import { getPriority } from "node:os";
import { join } from "node:path";
import { openNetwork, relativeError } from "../../bench/network.ts";
import { ServedPeer } from "../../bench/served-peer.ts";
import { interleave } from "../../bench/timing.ts";
import { describeRuntime } from "../../src/index.ts";

const root = join(import.meta.dir, "../..");
const folder = join(root, "test/fixtures/models/conv_relu");
const command = [process.execPath, join(root, "bench/network-server.ts"), "tensorlogic", "1"];
const serve = () => new ServedPeer("served", command);

test.skipIf(!describeRuntime().portable)(
  "a network in a process of its own answers as in this one, and is timed there",
  async () => {
    using here = await openNetwork(folder);
    await using peer = serve();
    const there = await peer.open(folder, "f16", here.feeds);
    if (typeof there === "string") throw new Error(there);
    expect(relativeError(there.outputValues, here.outputValues)).toBe(0);
    const samples = await interleave([here, there], 3);
    for (const { minMs, medianMs } of samples) {
      expect(minMs).toBeGreaterThan(0);
      expect(minMs).toBeLessThanOrEqual(medianMs);
    }
    await there.close();
  },
);

test("what fails in the other process is said here", async () => {
  await using peer = serve();
  await expect(peer.open(join(root, "nowhere"), "f16", [])).rejects.toThrow(/^served: .*nowhere/);
});

test("a peer that something gave another priority is not compared", async () => {
  const answering = (nice: number) =>
    new ServedPeer("peer", [
      process.execPath,
      "-e",
      `for await (const _ of console) console.log(JSON.stringify({ ms: 1, nice: ${nice} }))`,
    ]);
  const here = getPriority();
  await using equal = answering(here);
  expect(await equal.handicap()).toBeUndefined();
  await using slowed = answering(here + 7);
  expect(await slowed.handicap()).toBe(`ran at nice ${here + 7}, ours at ${here}: not comparable`);
});

test("a process that ends is no silent wait", async () => {
  await using peer = new ServedPeer("gone", [process.execPath, "-e", "process.exit(7)"]);
  await expect(peer.cpuMs()).rejects.toThrow("gone: its process ended (exit code 7)");
});

test("a wrong answer has a large relative error, also where its length or a value is wrong", () => {
  const want = Float32Array.of(1, -4, 2);
  expect(relativeError(Float32Array.of(1, -4, 2.5), want)).toBe(0.125);
  expect(relativeError(Float32Array.of(1, -4), want)).toBe(Number.POSITIVE_INFINITY);
  expect(relativeError(Float32Array.of(1, -4, Number.NaN), want)).toBe(Number.POSITIVE_INFINITY);
});
