import { expect, test } from "bun:test";
import { join } from "node:path";
import { shell } from "./support/shell.ts";

test("handles and resident memory stay flat over thousands of rounds, and nothing is left", async () => {
  const { code, stdout, stderr } = await shell([process.execPath, join(import.meta.dir, "soak.ts")]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const { before, after, end } = JSON.parse(stdout);
  // A handful of buffers may still wait for the collector.
  expect(after.handles - before.handles).toBeLessThan(20);
  // 3,000 rounds allocate more than 1.5 GB of native memory: a leak of one tensor in fifty would show.
  expect(after.rssMb - before.rssMb).toBeLessThan(30);
  expect(end.loadedModels).toBe(0);
  expect(end.asyncInFlight).toBe(0);
  expect(end.handles).toBeLessThan(20);
}, 60_000);

test("a prediction under way keeps the process alive, and its end lets it go", async () => {
  const script = `
    import { loadModel } from "./src/index.ts";
    const model = await loadModel("test/fixtures/models/add_one/model.mlpackage");
    model.predict({ x: new Float32Array(8) }).then(() => console.log("done"));`;
  const { code, stdout } = await shell([process.execPath, "-e", script]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "done\n" });
});

test("process.exit during predictions does not crash", async () => {
  const script = `
    import { loadModel } from "./src/index.ts";
    const model = await loadModel("models/efficientnet_lite0.mlpackage");
    const { Tensor } = await import("./src/index.ts");
    for (let i = 0; i < 20; i++) void model.predict({ image: Tensor.zeros([224, 224, 3], "uint8") });
    await Bun.sleep(2);
    process.exit(7);`;
  expect((await shell([process.execPath, "-e", script])).code).toBe(7);
});

test("TENSORLOGIC_TRACE_FFI lists the native calls when the process ends", async () => {
  const script = 'import { Tensor } from "./src/index.ts"; Tensor.from([3, 1]).argmax();';
  const { stderr } = await shell([process.execPath, "-e", script], { TENSORLOGIC_TRACE_FFI: "1" });
  expect(stderr).toMatch(/^native function +calls +median µs +p99 µs\n/);
  expect(stderr).toMatch(/^tl_tensor_argmax +1 +[\d.]+ +[\d.]+$/m);
});
