import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { say, startStep } from "./progress.ts";
import { run, SetupError } from "./run.ts";
import { buildFlags, hashSources, publish } from "./stamp.ts";
import { ensureToolchain } from "./toolchain.ts";

export interface LibraryPaths {
  swiftFolder: string;
  /** Where the finished library goes. */
  libraryPath: string;
  stampPath: string;
}

/** Compiler output without the progress lines, the errors' own lines first in view. */
function failureText(output: string): string {
  const lines = output.split("\n").filter((line) => !/^\[\d+\/\d+\]/.test(line) && line.trim() !== "");
  const firstError = lines.findIndex((line) => /\berror:/.test(line));
  return lines.slice(Math.max(0, firstError)).slice(0, 60).join("\n");
}

async function compile(swiftFolder: string, fileName: string): Promise<string> {
  const toolchain = await ensureToolchain();
  const command = ["swift", "build", "-c", "release", "--package-path", swiftFolder, ...buildFlags()];
  const step = startStep(`Building ${fileName} with Swift ${toolchain.version}`);
  const result = await run(command, {
    env: toolchain.environment,
    onLine(line) {
      const match = /^\[(\d+)\/(\d+)\] (.*)/.exec(line);
      if (match) step.update(0, `[${match[1]}/${match[2]}] ${(match[3] ?? "").slice(0, 60)}`);
    },
  });
  if (result.code !== 0) {
    throw new SetupError(`Building the library failed:\n${failureText(`${result.stdout}\n${result.stderr}`)}`);
  }
  const built = join(swiftFolder, ".build", "release", fileName);
  if (!existsSync(built)) throw new SetupError(`swift build answered success, but ${built} is not there.`);
  step.done();
  return built;
}

/** Copies without the symbols that nobody calls by name. On macOS nothing may be cut out after the linker signed it. */
async function copyStripped(built: string, to: string): Promise<void> {
  const stripped =
    process.platform === "linux" && (await run(["strip", "--strip-unneeded", "-o", to, built])).code === 0;
  if (!stripped) copyFileSync(built, to);
}

/** Builds the dylib and puts it in place with its stamp. The caller holds the lock. */
export async function buildLibrary(paths: LibraryPaths): Promise<void> {
  const { swiftFolder, libraryPath, stampPath } = paths;
  const fileName = basename(libraryPath);
  mkdirSync(dirname(libraryPath), { recursive: true });
  let sourceHash: string;
  let built: string;
  let after = hashSources(swiftFolder);
  do {
    sourceHash = after;
    built = await compile(swiftFolder, fileName);
    after = hashSources(swiftFolder);
    if (after !== sourceHash) say("The sources changed during the build: building again.");
  } while (after !== sourceHash);
  const copy = join(dirname(libraryPath), `.${fileName}.new`);
  await copyStripped(built, copy);
  publish(copy, libraryPath, stampPath, sourceHash);
}
