import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { debianNames, type Host, parseOsRelease } from "../../scripts/setup/host.ts";
import { isCompleteToolchain, manifestCompilerScript } from "../../scripts/setup/toolchain-install.ts";
import { isUsableVersion, parseSwiftVersion } from "../../scripts/setup/toolchain.ts";
import { swift } from "../../scripts/setup/versions.ts";
import { temporaryFolder } from "./temporary.ts";

const toolchainModule = join(import.meta.dir, "../../scripts/setup/toolchain.ts");
const isDebian = swift.suites[readId()] !== undefined && process.platform === "linux";

function readId(): string {
  return Bun.spawnSync(["sh", "-c", '. /etc/os-release 2>/dev/null && printf %s "$ID"']).stdout.toString();
}

/** Runs ensureToolchain() with `programs` (name → shell script) in front of the system's and without any other Swift. */
function ensureWith(folder: string, programs: Record<string, string>, host?: Host) {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const [name, script] of Object.entries(programs)) {
    Bun.spawnSync([
      "sh",
      "-c",
      `printf '%s\\n' "$2" > "$1" && chmod +x "$1"`,
      "sh",
      join(bin, name),
      `#!/bin/sh\n${script}`,
    ]);
  }
  const script = `
    import { ensureToolchain } from ${JSON.stringify(toolchainModule)};
    try { console.log(JSON.stringify(await ensureToolchain(${JSON.stringify(host) ?? ""}))); }
    catch (error) { console.log(error.name + ": " + error.message); }`;
  const child = Bun.spawnSync([process.execPath, "-e", script], {
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, TENSORLOGIC_CACHE: join(folder, "cache") },
  });
  return child.stdout.toString().trim();
}

test("a whole toolchain has a marker for its own place, and a compiler", () => {
  using folder = temporaryFolder();
  expect(isCompleteToolchain(folder.path), "empty").toBe(false);
  folder.write("usr/libexec/swift/bin/swiftc", "");
  expect(isCompleteToolchain(folder.path), "unpacked, not verified").toBe(false);
  const marker = (version: string, home: string) => folder.write("complete.json", JSON.stringify({ version, home }));
  marker(swift.version, "/elsewhere");
  expect(isCompleteToolchain(folder.path), "moved").toBe(false);
  marker("5.0", folder.path);
  expect(isCompleteToolchain(folder.path), "other version").toBe(false);
  folder.write("complete.json", '{"version":');
  expect(isCompleteToolchain(folder.path), "marker cut short").toBe(false);
  marker(swift.version, folder.path);
  expect(isCompleteToolchain(folder.path), "whole").toBe(true);
});

test.skipIf(!isDebian)("half a toolchain is installed anew, not used", () => {
  using folder = temporaryFolder();
  folder.write(`cache/swift-${swift.version}/usr/libexec/swift/bin/swiftc`, "");
  const answer = ensureWith(folder.path, { swift: "exit 1", "apt-get": "echo 'E: no network' >&2; exit 100" });
  expect(answer).toContain("SetupError: No swift on PATH.\nThis machine's package mirror gives no Swift:\n");
  expect(answer).toContain("E: no network");
  expect(answer).toContain("Install it with\n  curl -O ");
});

test("a new enough swift on PATH is used as it is", () => {
  using folder = temporaryFolder();
  const answer = ensureWith(folder.path, { swift: "echo 'Swift version 6.2.1 (swift-6.2.1-RELEASE)'" });
  expect(JSON.parse(answer)).toEqual({ version: "6.2.1", environment: {} });
});

test("an old swift on PATH where none can be installed: its version and the command that helps", () => {
  using folder = temporaryFolder();
  const fedora: Host = { id: "fedora", codename: "", architecture: "x64" };
  const answer = ensureWith(folder.path, { swift: "echo 'Swift version 5.10.1 (swift-5.10.1-RELEASE)'" }, fedora);
  expect(answer).toStartWith("SetupError: The swift on PATH is 5.10.1.");
  expect(answer).toContain("sudo dnf install swift-lang");
});

test.skipIf(!isDebian)("missing compiler packages are named with the command that installs them", () => {
  using folder = temporaryFolder();
  const answer = ensureWith(folder.path, { swift: "exit 1", gcc: "exit 1" });
  expect(answer).toContain("apt-get install -y g++ libc6-dev");
});

test("swift --version, as Linux and Xcode print it", () => {
  expect(parseSwiftVersion("Swift version 6.0.3 (swift-6.0.3-RELEASE)\nTarget: x86_64-pc-linux-gnu")).toBe("6.0.3");
  expect(parseSwiftVersion("swift-driver version: 1.115 Apple Swift version 6.1 (swiftlang-6.1.0)")).toBe("6.1");
  expect(parseSwiftVersion("OpenStack swift 4.0")).toBeUndefined();
});

test("6.0 is the oldest Swift that is used", () => {
  expect(["5.10.1", "6.0", "6.0.3", "10.0"].map(isUsableVersion)).toEqual([false, true, true, true]);
});

test("os-release, quoted or not", () => {
  expect(parseOsRelease('NAME="x"\nVERSION_CODENAME=bookworm\nID=debian\n')).toEqual({
    id: "debian",
    codename: "bookworm",
  });
  expect(parseOsRelease('ID="ubuntu"\nVERSION_CODENAME="noble"\n')).toEqual({ id: "ubuntu", codename: "noble" });
});

test("programs of the manifest start with the private loader of their architecture", () => {
  const arm64 = manifestCompilerScript("/cache/swift", debianNames("arm64"));
  expect(arm64).toBe(
    `#!/bin/sh\nexec '/cache/swift/usr/libexec/swift/bin/swiftc' "$@"` +
      ` -Xlinker '--dynamic-linker=/cache/swift/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1'` +
      ` -Xlinker '--disable-new-dtags' -Xlinker '-rpath' -Xlinker '/cache/swift/usr/lib/aarch64-linux-gnu'\n`,
  );
  expect(manifestCompilerScript("/cache/swift", debianNames("x64"))).toContain(
    "/cache/swift/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
  );
});

test("arm64 uses its own loader and folder", () => {
  expect(debianNames("arm64")).toEqual({
    architecture: "arm64",
    triple: "aarch64-linux-gnu",
    loader: "ld-linux-aarch64.so.1",
  });
});
