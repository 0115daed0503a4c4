import { existsSync, readFileSync } from "node:fs";
import { run } from "./run.ts";

export interface Host {
  /** `ID` of /etc/os-release: debian, ubuntu, …; "macos" on macOS. */
  id: string;
  codename: string;
  architecture: "x64" | "arm64" | "other";
}

export function parseOsRelease(text: string): { id: string; codename: string } {
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  return { id: field("ID"), codename: field("VERSION_CODENAME") };
}

export function readHost(): Host {
  const architecture = process.arch === "x64" || process.arch === "arm64" ? process.arch : "other";
  if (process.platform === "darwin") return { id: "macos", codename: "", architecture };
  const path = ["/etc/os-release", "/usr/lib/os-release"].find((one) => existsSync(one));
  const release = path ? parseOsRelease(readFileSync(path, "utf8")) : { id: process.platform, codename: "" };
  return { ...release, architecture };
}

/** Debian's names of an architecture: of its packages, of its library folder, of its dynamic loader. */
export function debianNames(architecture: Host["architecture"]) {
  return architecture === "arm64"
    ? { architecture: "arm64", triple: "aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" }
    : { architecture: "amd64", triple: "x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" };
}

/** What compiling and linking for the host needs from the host, by the package that has it. */
export async function missingBuildPackages(): Promise<string[]> {
  const missing: string[] = [];
  const gcc = await run(["gcc", "-print-file-name=crtbeginS.o"]);
  if (gcc.code !== 0) return ["g++", "libc6-dev"];
  if (!gcc.stdout.trim().startsWith("/")) missing.push("gcc");
  if (!existsSync("/usr/include/stdlib.h")) missing.push("libc6-dev");
  const library = await run(["gcc", "-print-file-name=libstdc++.so"]);
  if (!library.stdout.trim().startsWith("/")) {
    const version = (await run(["gcc", "-dumpversion"])).stdout.trim().split(".")[0] ?? "";
    missing.push(`libstdc++-${version}-dev`);
  }
  return missing;
}
