/**
 * `bun run test:emulated [SUITE…]` runs the kernel tests of AVX-512 and AMX in an emulated machine (Bochs) that has both, on any x86-64
 * Debian. Correctness only: an emulator says nothing about speed. Exit code 75: there is no emulator for this machine, or it does not start.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildStaticDriver } from "../test/kernels/driver.ts";
import { buildDisk } from "./emulate/disk.ts";
import { runMachine } from "./emulate/machine.ts";
import { type Emulator, ensureEmulator } from "./emulate/packages.ts";
import { SetupError } from "./setup/run.ts";
import { ensureToolchain } from "./setup/toolchain.ts";

const cannotRun = 75;
const timeoutMs = 20 * 60_000;

/** One machine per instruction set: a machine has one CPU. AMX differs from AVX-512 in its products alone. */
const machines = [
  { isa: "avx512", suites: [] },
  { isa: "amx", suites: ["isa", "gemm", "conv", "matmul"] },
];

async function findEmulator(): Promise<Emulator> {
  try {
    return await ensureEmulator();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`skip emulated kernels: ${error.message}`);
    process.exit(cannotRun);
  }
}

/** undefined: the machine never came up, so nothing is known of the kernels. */
async function test(emulator: Emulator, program: string, isa: string, suites: string[]): Promise<boolean | undefined> {
  const folder = mkdtempSync(join(tmpdir(), `tensorlogic-${isa}-`));
  const { environment } = await ensureToolchain();
  // The first command shows which set the machine is given when nobody asks for one.
  const disk = await buildDisk({ emulator, folder, environment }, program, [["--isa"], [isa, ...suites]]);
  let hasPassed = false;
  const exitCodes = await runMachine(
    emulator,
    folder,
    disk,
    (line) => {
      // "N passed, N failed" is what ends a run of the package's tests; these are checks inside of one.
      console.log(line.replace(/^(\d+) passed, (\d+) failed$/, `${isa}: $1 checks hold, $2 do not`));
      hasPassed ||= line.startsWith(`ok ${isa} `);
    },
    timeoutMs,
  );
  rmSync(folder, { recursive: true, force: true });
  if (exitCodes.length === 0) {
    console.log(`skip ${isa}: the emulated machine did not start`);
    return undefined;
  }
  if (exitCodes.length < 2) console.log(`FAIL ${isa}: the emulated machine stopped before the tests ended`);
  return hasPassed && exitCodes.length === 2 && exitCodes.every((code) => code === 0);
}

const emulator = await findEmulator();
const named = process.argv.slice(2);
const program = await buildStaticDriver({
  sources: [join(import.meta.dir, "emulate/permission.c")],
  linkFlags: ["-Wl,--wrap=syscall"],
  // Bochs 3.0 answers 0 to KSHIFTRW by 15. Only clang's loop vectoriser makes that instruction (integer modulo).
  again: { name: "kernels__avx512.c", flags: ["-fno-vectorize"] },
});
const startedMs = performance.now();
const results = await Promise.all(
  machines.map(({ isa, suites }) => test(emulator, program, isa, named.length > 0 ? named : suites)),
);
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
const hasFailed = results.includes(false);
const isComplete = !results.includes(undefined);
console.log(`${hasFailed ? "FAIL" : isComplete ? "ok  " : "skip"} emulated kernels  ${seconds} s`);
process.exit(hasFailed ? 1 : isComplete ? 0 : cannotRun);
