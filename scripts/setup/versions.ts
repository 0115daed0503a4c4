/**
 * The one place for the versions that people and CI share. Bun's stands in package.json (`packageManager`), because
 * tools read it there; test/setup/versions.test.ts compares every other mention with these.
 */
export const swift = {
  /** The private toolchain's version, and its folder's name in the cache. */
  version: "6.0.3",
  /** The oldest `swift` on PATH that is used as it is. */
  oldestUsable: [6, 0] as const,
  /** Release suites that carry the toolchain, by `ID` of /etc/os-release, tried in this order. */
  suites: {
    debian: ["trixie"],
    ubuntu: ["resolute", "questing", "plucky"],
  } as Record<string, string[]>,
};
