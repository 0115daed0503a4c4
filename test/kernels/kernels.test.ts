import { beforeAll, expect, test } from "bun:test";
import { buildDriver } from "./driver.ts";
import { failuresIn, suiteNames } from "./suites.ts";

let driver = "";
beforeAll(async () => {
  driver = await buildDriver();
}, 600_000);

function runDriver(args: string[], env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = Bun.spawnSync([driver, ...args], { env: { ...process.env, ...env } });
  return { output: stdout.toString() + stderr.toString(), exitCode };
}

test("there are suites", () => expect(suiteNames.length).toBeGreaterThan(10));

for (const suite of suiteNames)
  test(`kernels: ${suite}, on every instruction set of this machine`, () => {
    const { output, exitCode } = runDriver([suite]);
    for (const [line] of output.matchAll(/^skip .*$/gm)) console.log(line);
    expect(output).toMatch(/^ok scalar /m);
    expect(failuresIn(output)).toEqual([]);
    expect(exitCode).toBe(0);
  });

test("TENSORLOGIC_ISA forces an instruction set", () => {
  expect(runDriver(["--isa"], { TENSORLOGIC_ISA: "scalar" }).output).toBe("scalar\n");
});

test("a name that is not an instruction set is reported and changes nothing", () => {
  const detected = runDriver(["--isa"], { TENSORLOGIC_ISA: "" }).output.trim();
  expect(runDriver(["--isa"], { TENSORLOGIC_ISA: "sse9" }).output).toBe(
    `${detected}\nTENSORLOGIC_ISA=sse9 is not known (scalar, avx2, avx512, amx, neon); using ${detected}\n`,
  );
});

test("TENSORLOGIC_THREADS sizes the pool", () => {
  expect(runDriver(["--threads"], { TENSORLOGIC_THREADS: "3" }).output).toBe("3\n");
  const detected = runDriver(["--threads"], { TENSORLOGIC_THREADS: "" }).output;
  expect(runDriver(["--threads"], { TENSORLOGIC_THREADS: "many" }).output).toBe(detected);
});
