import { dlopen, type Library } from "bun:ffi";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isEnvironmentSet, readEnvironment } from "../env.ts";
import { LibraryError } from "../errors.ts";
import { errorFor } from "./status.ts";
import { symbols } from "./symbols.ts";
import { traced } from "./trace.ts";

/** TL_ABI_VERSION of the header that this package was written against. */
export const abiVersion = 1;

/** Older versions crash when a callback arrives from a thread that they did not create. */
const minimumBun = [1, 4] as const;

export type Native = Library<typeof symbols>["symbols"];

let loaded: Native | undefined;
let registeredPath: string | undefined;

/** Names the library to load, for executables that carry it inside; without effect once it is loaded. */
export function registerLibrary(path: string): void {
  registeredPath = path;
}

/** The C functions; loads the library at the first call. */
export function native(): Native {
  return (loaded ??= load());
}

/** Where the library is looked for, best first. */
export function libraryCandidates(): string[] {
  const root = join(import.meta.dir, "..", "..");
  const fileName = `libtensorlogic.${process.platform === "darwin" ? "dylib" : "so"}`;
  const named = readEnvironment("TENSORLOGIC_LIB");
  if (named) return [named];
  return [
    ...(registeredPath ? [registeredPath] : []),
    join(root, "dist", fileName),
    join(root, "swift", ".build", "release", fileName),
  ];
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
  // Executables keep the library in a virtual file system and extract it to the temporary folder; Bun's own message hides that.
  const embedded = path.startsWith("/$bunfs/")
    ? ` (it is extracted to ${tmpdir()}: is that folder writable? TENSORLOGIC_LIB names a file outside)`
    : "";
  return `the native library ${path} cannot be loaded${embedded}: ${text}`;
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
