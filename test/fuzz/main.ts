/**
 * `bun run fuzz [READER…] [--seconds N]`: feeds each reader of outside files with mutated inputs (libFuzzer and AddressSanitizer, Linux only).
 * An input that ends the process, or takes too long or too much memory, is a finding: it is left in dist/fuzz and the exit code is 1.
 * Start inputs: test/fuzz/corpus/READER, the fixtures of the other tests and the recorded cases of test/conformance.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../../scripts/setup/paths.ts";
import { run, SetupError } from "../../scripts/setup/run.ts";
import { buildFlags } from "../../scripts/setup/stamp.ts";
import { ensureToolchain } from "../../scripts/setup/toolchain.ts";

const fixtures = join(projectRoot, "test/fixtures");
const whole = join(fixtures, "models/constexpr/model.mlpackage");

interface Reader {
  /** Files in test/fixtures to start from, besides the corpus. */
  seeds: string;
  /** Model types of the recorded cases to start from. */
  recorded?: RegExp;
  /** The rest of the model that the bytes are one file of. */
  around?: readonly [from: string, to: string];
}

const readers: Readonly<Record<string, Reader>> = {
  model: { seeds: "models/**/model.mlmodel", recorded: /^mlProgram$/ },
  network: { seeds: "networks/**/*.mlmodel", recorded: /^neuralNetwork/ },
  classical: { seeds: "classical/**/*.mlmodel", recorded: /^(?!mlProgram|neuralNetwork)/ },
  weights: { seeds: "models/**/weight.bin", around: [whole, "model.mlpackage"] },
  manifest: { seeds: "models/**/Manifest.json", around: [whole, "model.mlpackage"] },
  text: { seeds: "models/**/*.mil", around: [join(whole, "Data/com.apple.CoreML/weights"), "model.mlmodelc/weights"] },
  safetensors: { seeds: "weights/**/*.safetensors" },
  gguf: { seeds: "weights/**/*.gguf" },
};

const largestSeed = 16_384;
const instrumented = ["-sanitize=fuzzer,address"];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "30" } },
});
const unknown = positionals.find((name) => !Object.hasOwn(readers, name));
const seconds = Number(options.seconds);
if (unknown !== undefined || !(Number.isInteger(seconds) && seconds > 0)) {
  const what = unknown === undefined ? `--seconds ${options.seconds}: expected a whole number` : `no reader ${unknown}`;
  console.error(`${what}; bun run fuzz [${Object.keys(readers).join(" | ")}] [--seconds N]`);
  process.exit(2);
}
if (process.platform !== "linux") {
  console.error("fuzzing needs this package's own Core ML module, which exists on Linux only");
  process.exit(1);
}

async function must(command: string[], environment: Record<string, string>): Promise<void> {
  const { code, stdout, stderr } = await run(command, { env: environment });
  if (code === 0) return;
  const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => !line.includes("Cannot export local symbol"));
  throw new SetupError(`${command.slice(0, 3).join(" ")} … failed:\n${lines.slice(-40).join("\n")}`);
}

/** Builds the fuzzer and gives its path. */
async function build(): Promise<string> {
  const { environment } = await ensureToolchain();
  const swift = join(projectRoot, "swift");
  const folder = join(swift, ".build/fuzz");
  const swiftFlags = instrumented.flatMap((flag) => ["-Xswiftc", flag]);
  const cFlags = ["-fsanitize=fuzzer-no-link,address"].flatMap((flag) => ["-Xcc", flag, "-Xcxx", flag]);
  const target = ["--target", "CoreML", "--package-path", swift, "--build-path", folder];
  await must(["swift", "build", "-c", "release", ...target, ...buildFlags(), ...swiftFlags, ...cFlags], environment);
  const objects = [...new Bun.Glob("release/{CoreML,Engine,Kernels,MIL,Metal,Shaders}.build/**/*.o").scanSync(folder)];
  const out = join(folder, "fuzz");
  const modules = ["Kernels", "Shaders"].map((name) => join(swift, "Sources", name, "include/module.modulemap"));
  const compiler = environment.SWIFT_EXEC_MANIFEST ?? "swiftc";
  const flags = ["-O", "-parse-as-library", "-static-stdlib", ...instrumented, "-Xlinker", "-lstdc++", "-o", out];
  const imports = [
    "-I",
    join(folder, "release/Modules"),
    ...modules.filter((path) => existsSync(path)).flatMap(moduleMap),
  ];
  const inputs = [join(import.meta.dir, "targets.swift"), ...objects.map((path) => join(folder, path))];
  await must([compiler, ...flags, ...imports, ...inputs, ...sanitizerLibraries(environment)], environment);
  return out;
}

const moduleMap = (path: string) => ["-Xcc", `-fmodule-map-file=${path}`];

/** The private toolchain's sanitizers want the C library that they were made for, which its programs also run with. */
function sanitizerLibraries({ SWIFT_EXEC_MANIFEST }: Record<string, string>): string[] {
  if (!SWIFT_EXEC_MANIFEST) return [];
  const [cpu, loader] =
    process.arch === "arm64" ? ["aarch64", "ld-linux-aarch64.so.1"] : ["x86_64", "ld-linux-x86-64.so.2"];
  const folder = join(dirname(SWIFT_EXEC_MANIFEST), "usr/lib", `${cpu}-linux-gnu`);
  return ["libc.so.6", "libm.so.6", loader].map((name) => join(folder, name));
}

/** Copies the models of recorded cases of some types. */
async function copyRecorded(types: RegExp, corpus: string, folder: string): Promise<void> {
  mkdirSync(folder);
  await must(["tar", "xzf", join(projectRoot, "test/conformance/cases.tar.gz"), "-C", folder], {});
  for (const path of new Bun.Glob("*/manifest.json").scanSync(folder)) {
    const { model_type: type } = await Bun.file(join(folder, path)).json();
    if (!types.test(type)) continue;
    const from = [...new Bun.Glob("**/model.mlmodel").scanSync(join(folder, dirname(path)))][0];
    if (from) copySeed(join(folder, dirname(path), from), join(corpus, dirname(path)));
  }
  rmSync(folder, { recursive: true });
}

function copySeed(from: string, to: string): void {
  if (statSync(from).size <= largestSeed) cpSync(from, to);
}

/** Fuzzes one reader; false: there is a finding. */
async function fuzz(program: string, name: string): Promise<boolean> {
  const { seeds, around, recorded } = readers[name]!;
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(memory, "tensorlogic-fuzz-"));
  try {
    if (around) cpSync(around[0], join(folder, around[1]), { recursive: true });
    const corpus = join(folder, "corpus");
    mkdirSync(corpus);
    const own = join(import.meta.dir, "corpus", name);
    if (existsSync(own)) cpSync(own, corpus, { recursive: true });
    for (const path of new Bun.Glob(seeds).scanSync(fixtures))
      copySeed(join(fixtures, path), join(corpus, path.replaceAll("/", "_")));
    if (recorded) await copyRecorded(recorded, corpus, join(folder, "recorded"));
    if (readdirSync(corpus).length === 0) throw new SetupError(`no start inputs for ${name}`);
    const findings = join(projectRoot, "dist/fuzz");
    mkdirSync(findings, { recursive: true });
    const limits = [`-max_total_time=${seconds}`, "-timeout=20", "-rss_limit_mb=4096", `-max_len=${largestSeed}`];
    const { code, stderr } = await run([program, ...limits, `-artifact_prefix=${findings}/${name}-`, corpus], {
      env: {
        TENSORLOGIC_FUZZ: name,
        TENSORLOGIC_FUZZ_FOLDER: folder,
        TENSORLOGIC_THREADS: "1",
        ASAN_OPTIONS: "detect_leaks=0",
      },
    });
    const done = /Done (\d+) runs/.exec(stderr)?.[1] ?? "0";
    const covered = [...stderr.matchAll(/cov: (\d+)/g)].at(-1)?.[1] ?? "?";
    console.log(`${code === 0 ? "ok  " : "FAIL"} fuzz ${name}: ${done} inputs, ${covered} edges covered`);
    if (code !== 0) console.log(stderr.split("\n").slice(-60).join("\n"));
    return code === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  const program = await build();
  const names = positionals.length > 0 ? positionals : Object.keys(readers);
  const left = [...names];
  let failed = 0;
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) if (!(await fuzz(program, name))) failed++;
  };
  await Promise.all(Array.from({ length: Math.min(cpus().length, 4) }, worker));
  if (failed > 0) console.log(`findings are in ${basename(projectRoot)}/dist/fuzz`);
  process.exitCode = failed > 0 ? 1 : 0;
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}
