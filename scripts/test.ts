/**
 * `bun run test [PART-OF-PATH…]` sets up, then runs every test file in a process of its own: a native crash or a hang in
 * one file cannot take the others' results with it. What touches models runs a second time with all quirks on.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureReady } from "./setup/ensure.ts";
import { projectRoot } from "./setup/paths.ts";
import { addCounts, type Counts, countsOf, summary } from "./test-report.ts";

/** The stand-in behaves like the worst Core ML seen in the wild (padded strides, ignored backings, shared outputs). */
const allQuirks = "strides,backings,alias";
const perTestTimeoutMs = 120_000;
const perFileTimeoutMs = 900_000;

interface Run {
  file: string;
  quirks: string;
}

function listRuns(filters: string[]): Run[] {
  const files = [...new Bun.Glob("test/**/*.test.ts").scanSync({ cwd: projectRoot })]
    .filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
    .sort();
  const plain = files.map((file) => ({ file, quirks: "" }));
  const again = files
    .filter((file) => /^test\/(model|request|state)\b/.test(file))
    .map((file) => ({ file, quirks: allQuirks }));
  return [...plain, ...again];
}

async function runFile({ file, quirks }: Run, reportFolder: string): Promise<{ counts: Counts; failure: string }> {
  const report = join(reportFolder, "report.xml");
  rmSync(report, { force: true });
  const command = [process.execPath, "test", `--timeout=${perTestTimeoutMs}`, "--reporter=junit"];
  const child = Bun.spawn([...command, `--reporter-outfile=${report}`, `./${file}`], {
    cwd: projectRoot,
    env: { ...process.env, TENSORLOGIC_QUIRKS: quirks === "" ? undefined : quirks },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: perFileTimeoutMs,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const counts = existsSync(report) ? countsOf(readFileSync(report, "utf8")) : { passed: 0, failed: 0, skipped: 0 };
  if (exitCode === 0) return { counts, failure: "" };
  // A crash or a time-out, or an error outside of any test, is a failure that no test has counted.
  if (counts.failed === 0) counts.failed = 1;
  const signal = child.signalCode ? `, ${child.signalCode}` : "";
  return { counts, failure: `${stdout}${stderr}\n(exit code ${exitCode}${signal})` };
}

const { libraryPath } = await ensureReady();
const runs = listRuns(process.argv.slice(2));
const reportFolder = mkdtempSync(join(tmpdir(), "tensorlogic-test-"));
let total: Counts = { passed: 0, failed: 0, skipped: 0 };
console.log(`library: ${libraryPath}`);
for (const run of runs) {
  const startedMs = performance.now();
  const { counts, failure } = await runFile(run, reportFolder);
  total = addCounts(total, counts);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const name = run.quirks === "" ? run.file : `${run.file} (quirks: ${run.quirks})`;
  console.log(`${failure === "" ? "ok  " : "FAIL"} ${name}: ${summary(counts)}  ${seconds} s`);
  if (failure !== "") console.log(failure.replace(/^/gm, "     "));
}
rmSync(reportFolder, { recursive: true, force: true });
if (runs.length === 0) console.log(`no test file matches ${process.argv.slice(2).join(" ")}`);
console.log(summary(total));
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
