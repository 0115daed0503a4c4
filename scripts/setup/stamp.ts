import { readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { swift } from "./versions.ts";

/** What of the command line changes the library. */
export function buildFlags(platform: NodeJS.Platform = process.platform): string[] {
  // Apple's systems bring the Swift runtime; elsewhere it goes into the dylib.
  return platform === "darwin" ? [] : ["-Xswiftc", "-static-stdlib"];
}

function listFiles(folder: string): string[] {
  const files: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    // SwiftPM skips hidden files too; editors leave theirs there.
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
    if (kind?.isDirectory()) files.push(...listFiles(path));
    else if (kind?.isFile()) files.push(path);
  }
  return files;
}

/**
 * The content hash of everything that the dylib is made from. Whole contents are read on each start: 300 files of
 * 10 kB take 8 ms, and neither a checkout that sets new times nor a file that keeps its old ones misleads it.
 */
export function hashSources(swiftFolder: string, flags: string[] = buildFlags()): string {
  // (node:crypto alone takes 9 ms to load, Bun 1.4.5.)
  const hash = new Bun.CryptoHasher("sha256");
  hash.update(JSON.stringify([process.platform, process.arch, swift.version, flags]));
  const files = [join(swiftFolder, "Package.swift"), ...listFiles(join(swiftFolder, "Sources")).sort()];
  for (const path of files) {
    const content = readFileSync(path);
    hash.update(`\0${relative(swiftFolder, path).split(sep).join("/")}\0${content.byteLength}\0`);
    hash.update(content);
  }
  return hash.digest("hex");
}

export interface Stamp {
  sourceHash: string;
  libraryByteLength: number;
}

export function readStamp(stampPath: string): Stamp | undefined {
  try {
    const value = JSON.parse(readFileSync(stampPath, "utf8")) as Partial<Stamp>;
    if (typeof value.sourceHash !== "string" || typeof value.libraryByteLength !== "number") return undefined;
    return { sourceHash: value.sourceHash, libraryByteLength: value.libraryByteLength };
  } catch {
    return undefined;
  }
}

export function isFresh(libraryPath: string, stampPath: string, sourceHash: string): boolean {
  const stamp = readStamp(stampPath);
  if (stamp?.sourceHash !== sourceHash) return false;
  return statSync(libraryPath, { throwIfNoEntry: false })?.size === stamp.libraryByteLength;
}

/** Puts `newLibrary` in place. The old stamp goes first: at no moment does a stamp speak of another library. */
export function publish(newLibrary: string, libraryPath: string, stampPath: string, sourceHash: string): void {
  rmSync(stampPath, { force: true });
  renameSync(newLibrary, libraryPath);
  const stamp: Stamp = { sourceHash, libraryByteLength: statSync(libraryPath).size };
  writeFileSync(`${stampPath}.tmp`, JSON.stringify(stamp));
  renameSync(`${stampPath}.tmp`, stampPath);
}
