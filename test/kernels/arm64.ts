import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureUnpacked } from "../../scripts/setup/apt-packages.ts";
import { debianNames, readHost } from "../../scripts/setup/host.ts";
import { cacheFolder } from "../../scripts/setup/paths.ts";
import { SetupError } from "../../scripts/setup/run.ts";
import type { Target } from "./target.ts";

/** Of qemu's 60 emulators one is kept. */
const leftOut = [
  "./usr/bin/qemu-[!a]*",
  "./usr/bin/qemu-a[!a]*",
  "./usr/bin/qemu-aarch64_be*",
  "./usr/libexec",
  "./usr/share",
];

const { triple, loader } = debianNames("arm64");

/** The headers and libraries of an arm64 Linux in Debian's cross packages. */
export interface Arm64System {
  /** Holds include and lib. */
  folder: string;
  emulator: string;
}

/** Fetches arm64's C library and qemu's user emulator into the cache; a `SetupError` says why that cannot be. */
export async function ensureArm64System(): Promise<Arm64System> {
  const host = readHost();
  if (host.architecture !== "x64") throw new SetupError(`The cross packages are for x86-64, not ${process.arch}.`);
  const home = join(cacheFolder(), `arm64-${host.codename}`);
  await ensureUnpacked(host, home, {
    suites: [host.codename],
    names: ["libc6-dev-arm64-cross", "qemu-user-static"],
    what: "an arm64 C library and emulator",
    leftOut,
  });
  // Newer releases have their static emulator in qemu-user, under the plain name.
  const names = ["qemu-aarch64-static", "qemu-aarch64"].map((name) => join(home, "usr/bin", name));
  const emulator = names.find((path) => existsSync(path));
  if (!emulator) throw new SetupError(`No qemu-aarch64 in ${home}/usr/bin.`);
  return { folder: join(home, "usr", triple), emulator };
}

/**
 * Apple's compiler mode over Linux's headers, for lack of Apple's, and declarations of the Apple functions in use: finds what
 * is written for Linux or x86-64 alone, not what macOS lacks. clang takes __nonnull for a keyword there, which the headers have as a macro.
 */
export function appleFlags({ folder }: Arm64System): string[] {
  const headers = [`-I${join(import.meta.dir, "apple")}`, "-isystem", join(folder, "include")];
  return [...headers, "--target=arm64-apple-macos14", "-U__nonnull", "-D__NO_LONG_DOUBLE_MATH", "-D_DEFAULT_SOURCE"];
}

/** Needs no library of a compiler: atomics inline, no C++, the C library's own start files. */
export function arm64Target({ folder, emulator }: Arm64System): Target {
  const library = (name: string) => join(folder, "lib", name);
  // The linker scripts of the C library name its files from the root: it is two levels above.
  const sysroot = `--sysroot=${join(folder, "../..")}`;
  return {
    name: "arm64",
    compileFlags: [`--target=${triple}`, sysroot, "-isystem", join(folder, "include"), "-mno-outline-atomics"],
    link: {
      before: [
        `--target=${triple}`,
        sysroot,
        "-fuse-ld=lld",
        "-nostdlib",
        "-pie",
        `-Wl,-dynamic-linker,/lib/${loader}`,
        `-L${join(folder, "lib")}`,
        library("Scrt1.o"),
        library("crti.o"),
      ],
      after: ["-lm", "-lc", library("crtn.o")],
    },
    runner: [emulator, "-cpu", "max", "-L", folder],
  };
}
