import { beforeAll, describe, expect, test } from "bun:test";
import { join, relative } from "node:path";
import { projectRoot } from "../../scripts/setup/paths.ts";
import { run, SetupError } from "../../scripts/setup/run.ts";
import { ensureToolchain } from "../../scripts/setup/toolchain.ts";
import { appleFlags, type Arm64System, arm64Target, ensureArm64System } from "./arm64.ts";
import { buildDriver, findSources, includeFlags } from "./driver.ts";
import { failuresIn, suiteNames } from "./suites.ts";

// The kernels of arm64, compiled here and run in an emulator: right or wrong, never fast or slow.

async function findSystem(): Promise<Arm64System | undefined> {
  try {
    return await ensureArm64System();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`skip arm64: ${error.message}`);
    return undefined;
  }
}

const system = await findSystem();

describe.skipIf(!system)("arm64, emulated", () => {
  let command: string[] = [];
  beforeAll(async () => {
    if (!system) return;
    const target = arm64Target(system);
    command = [...target.runner, await buildDriver(target)];
  }, 600_000);

  function runProgram(args: string[], env: Record<string, string> = {}) {
    const { stdout, stderr, exitCode } = Bun.spawnSync([...command, ...args], { env: { ...process.env, ...env } });
    return { output: stdout.toString() + stderr.toString(), exitCode };
  }

  for (const suite of suiteNames)
    test(`kernels: ${suite}, NEON and portable`, () => {
      const { output, exitCode } = runProgram([suite]);
      expect(output).toMatch(/^ok neon /m);
      expect(output).toMatch(/^ok scalar /m);
      expect(failuresIn(output)).toEqual([]);
      expect(exitCode).toBe(0);
    });

  test("NEON is chosen, TENSORLOGIC_ISA forces the portable form, AVX2 is not there", () => {
    expect(runProgram(["--isa"], { TENSORLOGIC_ISA: "" }).output).toBe("neon\n");
    expect(runProgram(["--isa"], { TENSORLOGIC_ISA: "scalar" }).output).toBe("scalar\n");
    expect(runProgram(["--isa"], { TENSORLOGIC_ISA: "avx2" }).output).toBe(
      "neon\nTENSORLOGIC_ISA=avx2 is not available on this machine; using neon\n",
    );
  });

  /** What the compiler says of each C and C++ file of a target of the package. */
  async function diagnose(targetName: string, pattern: string, flags: string[]): Promise<string[]> {
    const { environment } = await ensureToolchain();
    const said: string[] = [];
    for (const source of findSources(join(projectRoot, "swift/Sources", targetName), pattern)) {
      const compiler = source.endsWith(".cpp") ? ["clang++", "-std=c++17"] : ["clang"];
      const checks = ["-fsyntax-only", "-Wall", "-Wextra", ...flags, ...includeFlags];
      const { code, stdout, stderr } = await run([...compiler, ...checks, source], { env: environment });
      if (code !== 0 || stdout + stderr !== "") said.push(`${relative(projectRoot, source)}: ${stdout}${stderr}`);
    }
    return said;
  }

  test("all C and C++ compiles for Linux on arm64 without a warning", async () => {
    if (!system) return;
    const { compileFlags } = arm64Target(system);
    for (const name of ["Kernels", "CTensorLogic", "Shaders"])
      expect(await diagnose(name, "**/*.{c,cpp}", compileFlags)).toEqual([]);
  });

  test("what a Mac compiles takes no turn that only Linux has", async () => {
    if (!system) return;
    for (const name of ["Kernels", "CTensorLogic"])
      expect(await diagnose(name, "**/*.c", appleFlags(system))).toEqual([]);
  });
});
