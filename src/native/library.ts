import { dlopen, type Library } from "bun:ffi";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isEnvironmentSet, readEnvironment } from "../env.ts";
import { LibraryError } from "../errors.ts";
import { embeddedLibrary, isStandalone } from "./embedded.ts";
import { errorFor } from "./status.ts";
import { symbols } from "./symbols.ts";
import { traced } from "./trace.ts";

/** TL_ABI_VERSION of the header that this package was written against. */
export const abiVersion = 1;

/** Older versions crash when a callback arrives from a thread that they did not create. */
const minimumBun = [1, 4] as const;

export type Native = Library<typeof symbols>["symbols"];

let loaded: Native | undefined;
/** The C functions; loads the library at the first call. */
export function native(): Native {
  return (loaded ??= load());
}

/** Where the library is looked for, best first. */
export function libraryCandidates(): string[] {
  const named = readEnvironment("TENSORLOGIC_LIB");
  if (named) return [named];
  if (isStandalone) return [embeddedLibrary() ?? []].flat();
  const root = join(import.meta.dir, "..", "..");
  const fileName = `libtensorlogic.${process.platform === "darwin" ? "dylib" : "so"}`;
  return [join(root, "dist", fileName), join(root, "swift", ".build", "release", fileName)];
}

/** Throws LibraryError when this Bun is too old. */
export function checkBunVersion(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > minimumBun[0] || (major === minimumBun[0] && minor >= minimumBun[1])) return;
  throw new LibraryError(
    `Bun ${version} is too old: tensorlogic needs Bun ${minimumBun.join(".")} or newer (earlier ones crash on callbacks from native threads); \`bun upgrade\` or \`npx -y bun@1.4.5\``,
  );
}

function load(): Native {
  checkBunVersion(Bun.version);
  const candidates = libraryCandidates();
  const path = candidates.find((candidate) => existsSync(candidate));
  if (!path) {
    if (isStandalone && candidates.length === 0)
      throw new LibraryError(
        "this executable was made before the native library was built: run `bun run build` in the package's folder, then make it again",
      );
    throw new LibraryError(
      `the native library was not found at ${candidates.join(" or ")}; \`bun run infer\` in the package's folder builds it, or set TENSORLOGIC_LIB`,
    );
  }
  let opened: Native;
  try {
    opened = dlopen(path, symbols).symbols;
  } catch (cause) {
    throw new LibraryError(loadFailure(path, cause), { cause });
  }
  const version = new Uint32Array(1);
  opened.tl_abi_version(version);
  if (version[0] !== abiVersion) {
    throw new LibraryError(
      `${path} has ABI version ${version[0]}, this package needs ${abiVersion}: build it again (bun run infer)`,
    );
  }
  return isEnvironmentSet("TENSORLOGIC_TRACE_FFI") ? traced(opened) : opened;
}

function loadFailure(path: string, cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (!isStandalone || path !== embeddedLibrary()) return `the native library ${path} cannot be loaded: ${text}`;
  // Bun's own message names a file that nobody made, or only the symptom.
  const reason = text.includes("failed to map segment")
    ? "does not allow programs (mounted noexec)"
    : "cannot be written, or does not exist";
  return `the native library inside this executable is extracted to the temporary folder, and ${tmpdir()} ${reason}: set TMPDIR to a folder that can hold programs, or TENSORLOGIC_LIB to a copy of the library (${text})`;
}

const errorBytes = new Uint8Array(4096);
const errorLength = new Uint32Array(1);

/** Text of this thread's last native error. */
export function lastError(): string {
  native().tl_last_error(errorBytes, errorBytes.length, errorLength);
  return new TextDecoder().decode(errorBytes.subarray(0, Math.min(errorLength[0]!, errorBytes.length)));
}

/** Throws the typed error for a status other than 0. */
export function check(status: number): void {
  if (status !== 0) throw errorFor(status, lastError());
}
