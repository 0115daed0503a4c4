import { existsSync } from "node:fs";
import { join } from "node:path";
import { arePackagesFresh } from "./packages.ts";
import { projectRoot } from "./paths.ts";
import { hashSources, isFresh } from "./stamp.ts";

export const libraryName = process.platform === "darwin" ? "libtensorlogic.dylib" : "libtensorlogic.so";

const paths = {
  swiftFolder: join(projectRoot, "swift"),
  libraryPath: join(projectRoot, "dist", libraryName),
  stampPath: join(projectRoot, "dist", "libtensorlogic.stamp.json"),
};

const isLibraryFresh = () => isFresh(paths.libraryPath, paths.stampPath, hashSources(paths.swiftFolder));

/** The slow path, loaded only when there is something to do. */
async function setUp(forceBuild: boolean): Promise<void> {
  const { withLock } = await import("./lock.ts");
  const { say } = await import("./progress.ts");
  await withLock(
    join(projectRoot, "dist", ".setup.lock"),
    async () => {
      if (!arePackagesFresh(projectRoot)) await (await import("./packages.ts")).installPackages(projectRoot);
      if (forceBuild || needsBuild()) await (await import("./build-library.ts")).buildLibrary(paths);
    },
    { onWait: (holder) => say(`Waiting: ${holder} is setting up this folder.`) },
  );
}

function needsBuild(): boolean {
  return !process.env.TENSORLOGIC_LIB && !isLibraryFresh();
}

async function endOnSetupError(error: unknown): Promise<never> {
  const { SetupError } = await import("./run.ts");
  if (!(error instanceof SetupError)) throw error;
  (await import("./progress.ts")).say(error.message);
  process.exit(1);
}

/**
 * Makes everything that a command needs: JavaScript packages, a Swift toolchain, the dylib. Returns at once when nothing
 * changed. What the user must do himself is said on stderr, then the process exits with 1.
 *
 * Uses nothing from node_modules, so that it can run before any package is there. `TENSORLOGIC_LIB` names a library of
 * the user's own: then none is built.
 */
export async function ensureReady(options: { forceBuild?: boolean } = {}): Promise<{ libraryPath: string }> {
  const forceBuild = options.forceBuild ?? false;
  try {
    if (forceBuild || !arePackagesFresh(projectRoot) || needsBuild()) await setUp(forceBuild);
  } catch (error) {
    await endOnSetupError(error);
  }
  const own = process.env.TENSORLOGIC_LIB;
  if (own && !existsSync(own)) {
    const { say } = await import("./progress.ts");
    say(`TENSORLOGIC_LIB names ${own}, which does not exist.`);
    process.exit(1);
  }
  return { libraryPath: own || paths.libraryPath };
}

/** The JavaScript packages alone: what `check` needs. */
export async function ensurePackages(): Promise<void> {
  if (arePackagesFresh(projectRoot)) return;
  try {
    const { withLock } = await import("./lock.ts");
    const { installPackages } = await import("./packages.ts");
    await withLock(join(projectRoot, "dist", ".setup.lock"), () => installPackages(projectRoot));
  } catch (error) {
    await endOnSetupError(error);
  }
}
