import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { openApt, unpackPackages } from "./apt-packages.ts";
import { debianNames, type Host } from "./host.ts";
import { say, startStep } from "./progress.ts";
import { runOrThrow, SetupError } from "./run.ts";
import { swift } from "./versions.ts";

/** Names what was verified; written last, so that a folder without it is not a toolchain. */
export const completeMarker = "complete.json";

/** 1.2 GB unpacked and 0.5 GB of downloads (2026-11, amd64), and room for apt's lists. */
const neededByteLength = 2e9;

/** Programs and data that building a dylib never runs: 1.2 GB less on disk. */
const leftOut = [
  "./usr/libexec/swift/bin/lldb*",
  "./usr/libexec/swift/bin/clangd",
  "./usr/libexec/swift/bin/sourcekit-lsp",
  "./usr/libexec/swift/bin/docc",
  "./usr/libexec/swift/bin/swift-build-sdk-interfaces",
  "./usr/libexec/swift/lib/liblldb*",
  "./usr/libexec/swift/lib/libLTO*",
  "./usr/libexec/swift/lib/libsourcekitd*",
  "./usr/libexec/swift/lib/swift/embedded",
  "./usr/libexec/swift/lib/swift_static/embedded",
  "./usr/libexec/swift/lib/swift/FrameworkABIBaseline",
  "./usr/libexec/swift/share/docc",
  "./usr/share/doc",
  "./usr/share/man",
  "./usr/share/locale",
  "./usr/lib/python3*",
];

export function toolchainBinFolder(toolchain: string): string {
  return join(toolchain, "usr/libexec/swift/bin");
}

function isElf(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const magic = Buffer.alloc(4);
    return readSync(file, magic, 0, 4, 0) === 4 && magic.toString("latin1") === "\x7fELF";
  } finally {
    closeSync(file);
  }
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/**
 * The programs are linked for their own release's glibc. Each is pointed at the private dynamic loader and libraries,
 * so that the system stays as it is. `home` is where the folder will be after the rename.
 */
async function patch(folder: string, home: string, names: ReturnType<typeof debianNames>): Promise<void> {
  const libraries = join(folder, "usr/lib", names.triple);
  const loader = join(libraries, names.loader);
  const patchelf = [loader, "--library-path", libraries, join(folder, "usr/bin/patchelf")];
  const homeLibraries = join(home, "usr/lib", names.triple);
  const bin = toolchainBinFolder(folder);
  const programs = [...filesBelow(bin)].filter((path) => isElf(path));
  const swiftLibraries = [...filesBelow(join(dirname(bin), "lib"))].filter(
    (path) => /\.so(\.|$)/.test(path) && isElf(path),
  );
  const step = startStep("Pointing it at its own libraries", programs.length + swiftLibraries.length);
  let done = 0;
  for (const path of programs) {
    chmodSync(path, lstatSync(path).mode | 0o200);
    await runOrThrow(`Patching ${path}`, [
      ...patchelf,
      "--set-interpreter",
      join(homeLibraries, names.loader),
      "--force-rpath",
      "--set-rpath",
      `$ORIGIN/../lib/swift/linux:$ORIGIN/../lib/swift/host:$ORIGIN/../lib:${homeLibraries}`,
      path,
    ]);
    step.update(++done);
  }
  for (const path of swiftLibraries) {
    chmodSync(path, lstatSync(path).mode | 0o200);
    const old = (await runOrThrow(`Reading ${path}`, [...patchelf, "--print-rpath", path])).stdout.trim();
    const rpath = [old, "$ORIGIN", homeLibraries].filter(Boolean).join(":");
    await runOrThrow(`Patching ${path}`, [...patchelf, "--force-rpath", "--set-rpath", rpath, path]);
    step.update(++done);
  }
  step.done(`${done} files`);
}

/** SwiftPM compiles Package.swift and runs it: that program needs the private loader too. */
export function manifestCompilerScript(home: string, names: ReturnType<typeof debianNames>): string {
  const libraries = join(home, "usr/lib", names.triple);
  const link = [`--dynamic-linker=${join(libraries, names.loader)}`, "--disable-new-dtags", "-rpath", libraries];
  const flags = link.map((flag) => `-Xlinker '${flag}'`).join(" ");
  return `#!/bin/sh\nexec '${join(toolchainBinFolder(home), "swiftc")}' "$@" ${flags}\n`;
}

function removeLeftovers(home: string): void {
  for (const name of readdirSync(dirname(home))) {
    if (!name.startsWith(`${basename(home)}.partial`)) continue;
    try {
      rmSync(join(dirname(home), name), { recursive: true, force: true });
    } catch {
      // Still being written to; the next installation removes it.
    }
  }
}

/**
 * Puts the toolchain into `home`. Works in a folder beside it and renames at the end; the caller holds the lock.
 * Downloads of an interrupted run are kept and used.
 */
export async function installToolchain(host: Host, home: string): Promise<void> {
  const names = debianNames(host.architecture);
  const parent = dirname(home);
  mkdirSync(parent, { recursive: true });
  const free = statfsSync(parent);
  if (free.bavail * free.bsize < neededByteLength) {
    throw new SetupError(
      `The Swift toolchain needs ${neededByteLength / 1e9} GB in ${parent}, which has ${((free.bavail * free.bsize) / 1e9).toFixed(1)} GB free (TENSORLOGIC_CACHE chooses another folder).`,
    );
  }
  say(`Swift ${swift.version} goes into ${home}; nothing else on the system changes.`);
  removeLeftovers(home);
  // A name of its own: after a kill -9, the dead run's tar may still be writing into the old one.
  const work = `${home}.partial-${process.pid}`;
  rmSync(home, { recursive: true, force: true });
  const { apt, packages } = await openApt(host, {
    folder: `${home}.download`,
    suites: swift.suites[host.id] ?? [],
    names: ["swiftlang", "patchelf"],
    what: "Swift",
  });
  const debs = await apt.download(packages, "the Swift toolchain");
  mkdirSync(work, { recursive: true });
  await unpackPackages(debs, work, leftOut);
  await patch(work, home, names);
  writeFileSync(join(work, "manifest-swiftc"), manifestCompilerScript(home, names), { mode: 0o755 });
  renameSync(work, home);
  const version = await verifyToolchain(home);
  const marker = join(home, completeMarker);
  writeFileSync(`${marker}.tmp`, `${JSON.stringify({ version, home })}\n`);
  renameSync(`${marker}.tmp`, marker);
  rmSync(`${home}.download`, { recursive: true, force: true });
}

async function verifyToolchain(home: string): Promise<string> {
  const result = await runOrThrow("The installed Swift compiler", [
    join(toolchainBinFolder(home), "swiftc"),
    "--version",
  ]);
  const version = /Swift version ([\d.]+)/.exec(result.stdout + result.stderr)?.[1];
  if (version !== swift.version)
    throw new SetupError(`The mirror's Swift is ${version ?? "of unknown version"}; ${swift.version} was expected.`);
  return version;
}

/** The loader's path is absolute: a toolchain that was moved, or copied to another home, is not whole either. */
export function isCompleteToolchain(home: string): boolean {
  try {
    const marker = JSON.parse(readFileSync(join(home, completeMarker), "utf8")) as { version?: string; home?: string };
    if (marker.version !== swift.version || marker.home !== home) return false;
  } catch {
    return false;
  }
  return existsSync(join(toolchainBinFolder(home), "swiftc"));
}
