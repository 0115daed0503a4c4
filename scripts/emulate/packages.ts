import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PrivateApt } from "../setup/apt.ts";
import { chooseMirror, readMachineMirrors } from "../setup/apt-sources.ts";
import { debianNames, readHost } from "../setup/host.ts";
import { withLock } from "../setup/lock.ts";
import { cacheFolder } from "../setup/paths.ts";
import { say } from "../setup/progress.ts";
import { run, runOrThrow, SetupError } from "../setup/run.ts";

/** Bochs 3.0 is the first with the CPU model `sapphire_rapids` in a Debian release, this one. */
const suite = "trixie";

const programs = ["bochs", "bochs-term", "bochsbios", "vgabios", "isolinux", "syslinux-common", "xorriso", "xz-utils"];
const kernel = "linux-image-cloud-amd64";

/** Packages that only an installed system needs: apt leaves them and what they need out. */
const supplied = [
  "kmod",
  "linux-base",
  "initramfs-tools",
  "dbus",
  "systemd",
  "libpam-systemd",
  "dconf-gsettings-backend",
];

const leftOut = ["./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/share/icons", "./usr/share/fonts"];
const leftOutModules = ["drivers", "net", "fs", "sound"].map((name) => `./usr/lib/modules/*/kernel/${name}`);

/** A folder with Bochs, its BIOS, a boot loader and a Linux kernel; nothing of it is installed. */
export interface Emulator {
  folder: string;
  /** The beginning of a command that runs a program of the folder by the folder's own loader and libraries. */
  command: (program: string) => string[];
}

async function unpack(deb: string, into: string): Promise<void> {
  const excludes = [...leftOut, ...leftOutModules].map((pattern) => `--exclude=${pattern}`);
  const script = 'set -o pipefail; dpkg-deb --fsys-tarfile "$0" | tar -x --no-same-owner -C "$@"';
  await runOrThrow(`Unpacking ${deb}`, ["bash", "-c", script, deb, into, ...excludes]);
}

async function install(home: string): Promise<void> {
  const host = readHost();
  const mirror = host.id === "debian" ? chooseMirror(readMachineMirrors(), host.codename) : undefined;
  if (!mirror) throw new SetupError(`a Debian mirror in /etc/apt is needed; this is ${host.id} ${host.codename}`);
  const apt = new PrivateApt(`${home}.download`, mirror, suite, "amd64", supplied);
  const { failure } = await apt.update();
  if (failure !== undefined) throw new SetupError(`no package list of ${suite}: ${failure}`);
  const chosen = await apt.choose([...programs, kernel]);
  if (chosen.length === 0) throw new SetupError(`${suite} lacks one of ${[...programs, kernel].join(", ")}`);
  const debs = await apt.download(chosen, "the emulator");
  const work = `${home}.partial`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  for (const deb of debs) await unpack(deb, work);
  writeFileSync(join(work, "complete"), "");
  rmSync(home, { recursive: true, force: true });
  renameSync(work, home);
  rmSync(`${home}.download`, { recursive: true, force: true });
}

/** The emulator in the cache, downloaded first where it is not there. */
export async function ensureEmulator(): Promise<Emulator> {
  if (process.platform !== "linux" || process.arch !== "x64") throw new SetupError("an x86-64 Linux machine is needed");
  if ((await run(["apt-get", "--version"])).code !== 0) throw new SetupError("apt-get is needed");
  const folder = join(cacheFolder(), `emulator-${suite}`);
  const isThere = () => existsSync(join(folder, "complete"));
  const onWait = (holder: string) => say(`Waiting: ${holder} is downloading the emulator.`);
  if (!isThere()) {
    await withLock(`${folder}.lock`, async () => (isThere() ? undefined : install(folder)), { onWait });
  }
  const { triple, loader } = debianNames("x64");
  const libraries = join(folder, "usr/lib", triple);
  const command = (program: string) => [
    join(libraries, loader),
    "--library-path",
    libraries,
    join(folder, "usr/bin", program),
  ];
  return { folder, command };
}
