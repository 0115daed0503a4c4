import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { missingBuildPackages, readHost, type Host } from "./host.ts";
import { withLock } from "./lock.ts";
import { cacheFolder } from "./paths.ts";
import { say } from "./progress.ts";
import { run, SetupError } from "./run.ts";
import { installToolchain, isCompleteToolchain, toolchainBinFolder } from "./toolchain-install.ts";
import { swift } from "./versions.ts";

export interface Toolchain {
  version: string;
  /** What to add to the environment of `swift build` and of the toolchain's clang. */
  environment: Record<string, string>;
}

export function parseSwiftVersion(text: string): string | undefined {
  return /Swift version (\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
}

export function isUsableVersion(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = swift.oldestUsable;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

async function findOnPath(): Promise<{ toolchain?: Toolchain; tooOld?: string }> {
  const result = await run(["swift", "--version"]);
  if (result.code !== 0) return {};
  const version = parseSwiftVersion(result.stdout + result.stderr);
  if (!version) return {};
  return isUsableVersion(version) ? { toolchain: { version, environment: {} } } : { tooOld: version };
}

function privateToolchain(home: string): Toolchain {
  return {
    version: swift.version,
    environment: {
      PATH: `${toolchainBinFolder(home)}${delimiter}${process.env.PATH ?? ""}`,
      SWIFT_EXEC_MANIFEST: join(home, "manifest-swiftc"),
    },
  };
}

function howToInstall(host: Host, tooOld: string | undefined): SetupError {
  const oldest = swift.oldestUsable.join(".");
  const found = tooOld ? `swift on PATH is ${tooOld}` : "no swift on PATH";
  const command =
    host.id === "macos"
      ? "xcode-select --install"
      : host.id === "fedora"
        ? "sudo dnf install swift-lang"
        : host.id === "arch"
          ? "yay -S swift-bin"
          : "curl -L https://swift.org/install | bash    (or see swift.org/install)";
  return new SetupError(
    `Swift ${oldest} or newer is needed to build the library: ${found}.\nInstall it with\n  ${command}\nand run this command again.`,
  );
}

function checkBuildPackages(missing: string[]): void {
  if (missing.length === 0) return;
  throw new SetupError(
    `Compiling needs packages that this machine lacks: ${missing.join(", ")}.\nInstall them with\n  apt-get install -y ${missing.join(" ")}\nand run this command again.`,
  );
}

/** A usable Swift: the one on PATH, else the private one, which is installed first where that is possible. */
export async function ensureToolchain(): Promise<Toolchain> {
  const onPath = await findOnPath();
  if (onPath.toolchain) return onPath.toolchain;
  const host = readHost();
  const canInstall = host.id in swift.suites && host.architecture !== "other" && existsSync("/usr/bin/apt-get");
  if (!canInstall) throw howToInstall(host, onPath.tooOld);
  const home = join(cacheFolder(), `swift-${swift.version}`);
  checkBuildPackages(await missingBuildPackages());
  if (isCompleteToolchain(home)) return privateToolchain(home);
  await withLock(
    `${home}.lock`,
    async () => {
      if (!isCompleteToolchain(home)) await installToolchain(host, home);
    },
    { onWait: (holder) => say(`Waiting: ${holder} is installing the Swift toolchain.`) },
  );
  return privateToolchain(home);
}
