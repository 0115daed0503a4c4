import { beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildDriver } from "./driver.ts";

const suites = [...readFileSync(join(import.meta.dir, "suites.h"), "utf8").matchAll(/^S\((\w+)\)$/gm)].map(
  ([, name]) => name ?? "",
);

let driver = "";
beforeAll(async () => {
  driver = await buildDriver();
}, 600_000);

function runDriver(args: string[], env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = Bun.spawnSync([driver, ...args], { env: { ...process.env, ...env } });
  return { output: stdout.toString() + stderr.toString(), exitCode };
}

test("there are suites", () => expect(suites.length).toBeGreaterThan(10));

for (const suite of suites)
  test(`kernels: ${suite}, on every instruction set of this machine`, () => {
    const { output, exitCode } = runDriver([suite]);
    for (const [line] of output.matchAll(/^skip .*$/gm)) console.log(line);
    expect(output).toMatch(/^ok scalar /m);
    expect(output.split("\n").filter((line) => /FAIL|not ok/.test(line))).toEqual([]);
    expect(output).toMatch(/\d+ passed, 0 failed\n$/);
    expect(exitCode).toBe(0);
  });

test("TENSORLOGIC_ISA forces an instruction set", () => {
  expect(runDriver(["--isa"], { TENSORLOGIC_ISA: "scalar" }).output).toBe("scalar\n");
});

test("a name that is not an instruction set is reported and changes nothing", () => {
  const detected = runDriver(["--isa"], { TENSORLOGIC_ISA: "" }).output.trim();
  expect(runDriver(["--isa"], { TENSORLOGIC_ISA: "sse9" }).output).toBe(
    `${detected}\nTENSORLOGIC_ISA=sse9 is not known (scalar, avx2, avx512, amx); using ${detected}\n`,
  );
});

test("TENSORLOGIC_THREADS sizes the pool", () => {
  expect(runDriver(["--threads"], { TENSORLOGIC_THREADS: "3" }).output).toBe("3\n");
  const detected = runDriver(["--threads"], { TENSORLOGIC_THREADS: "" }).output;
  expect(runDriver(["--threads"], { TENSORLOGIC_THREADS: "many" }).output).toBe(detected);
});
