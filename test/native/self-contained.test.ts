import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { libraryCandidates } from "../../src/native/library.ts";

const library = libraryCandidates().find((path) => existsSync(path));

/** What a Linux system has anyway. The Swift runtime is inside the library; Foundation and its ICU data (45 MB) are not. */
const allowed = /^(libc|libm|libstdc\+\+|libgcc_s|libpthread|libdl|ld-linux-x86-64|ld-linux-aarch64)\.so\.\d+$/;

test.skipIf(process.platform !== "linux")("the library needs nothing but the C and C++ runtime", () => {
  const { stdout, exitCode } = Bun.spawnSync(["readelf", "-d", library!]);
  expect(exitCode).toBe(0);
  const needed = [...stdout.toString().matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name!);
  expect(needed.length).toBeGreaterThan(0);
  expect(needed.filter((name) => !allowed.test(name))).toEqual([]);
});
