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

const swiftly = "swiftly-$(uname -m).tar.gz";
const installCommands: Record<string, string> = {
  macos: "xcode-select --install",
  fedora: "sudo dnf install swift-lang",
  arch: "yay -S swift-bin",
};

function howToInstall(host: Host, reason: string): SetupError {
  const command =
    installCommands[host.id] ??
    `curl -O https://download.swift.org/swiftly/linux/${swiftly} && tar zxf ${swiftly} && ./swiftly init`;
  const oldest = swift.oldestUsable.join(".");
  return new SetupError(
    `${reason}\nSwift ${oldest} or newer is needed to build the library. Install it with\n  ${command}\nand run this command again.`,
  );
}

function checkBuildPackages(missing: string[]): void {
  if (missing.length === 0) return;
  throw new SetupError(
    `Compiling needs packages that this machine lacks: ${missing.join(", ")}.\nInstall them with\n  apt-get install -y ${missing.join(" ")}\nand run this command again.`,
  );
}

/** A usable Swift: the one on PATH, else the private one, which is installed first where that is possible. */
export async function ensureToolchain(host: Host = readHost()): Promise<Toolchain> {
  const onPath = await findOnPath();
  if (onPath.toolchain) return onPath.toolchain;
  const canInstall = host.id in swift.suites && host.architecture !== "other" && existsSync("/usr/bin/apt-get");
  const found = onPath.tooOld ? `The swift on PATH is ${onPath.tooOld}.` : "No swift on PATH.";
  if (!canInstall) throw howToInstall(host, found);
  const home = join(cacheFolder(), `swift-${swift.version}`);
  checkBuildPackages(await missingBuildPackages());
  if (isCompleteToolchain(home)) return privateToolchain(home);
  await withLock(
    `${home}.lock`,
    async () => {
      if (isCompleteToolchain(home)) return;
      try {
        await installToolchain(host, home);
      } catch (error) {
        throw error instanceof SetupError ? howToInstall(host, `${found}\n${error.message}`) : error;
      }
    },
    { onWait: (holder) => say(`Waiting: ${holder} is installing the Swift toolchain.`) },
  );
  return privateToolchain(home);
}
