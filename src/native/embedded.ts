/** True in an executable that `bun build --compile` made. */
export const isStandalone = import.meta.dir.startsWith("/$bunfs/") || import.meta.dir.startsWith("B:\\~BUN");

/**
 * In such an executable, the library inside it: a path that dlopen takes (Bun extracts it to the temporary folder, once
 * per content). Undefined elsewhere, and where the library did not exist when the executable was made.
 */
export function embeddedLibrary(): string | undefined {
  if (!isStandalone) return undefined;
  try {
    // Literal paths, because the bundler embeds what it can see; a missing file is no error to it inside `try`.
    return process.platform === "darwin"
      ? require("../../dist/libtensorlogic.dylib")
      : require("../../dist/libtensorlogic.so");
  } catch {
    return undefined;
  }
}
