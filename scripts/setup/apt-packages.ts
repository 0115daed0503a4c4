import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { type ChosenPackage, PrivateApt } from "./apt.ts";
import { chooseMirror, readMachineMirrors } from "./apt-sources.ts";
import { debianNames, type Host } from "./host.ts";
import { withLock } from "./lock.ts";
import { say, startStep } from "./progress.ts";
import { runOrThrow, SetupError } from "./run.ts";

export interface Wanted {
  /** Where apt keeps its lists and downloads meanwhile. */
  folder: string;
  /** Releases of the machine's mirror, tried in this order. */
  suites: string[];
  names: string[];
  /** What they are together, for messages. */
  what: string;
}

/** A private apt of the first suite that has every package, and these packages with what they need. */
export async function openApt(
  host: Host,
  { folder, suites, names, what }: Wanted,
): Promise<{ apt: PrivateApt; packages: ChosenPackage[] }> {
  const mirror = chooseMirror(readMachineMirrors(), host.codename);
  if (!mirror) {
    throw new SetupError(
      `/etc/apt names no package mirror of this machine's own release (${host.id} ${host.codename}).`,
    );
  }
  const failures: string[] = [];
  for (const suite of suites) {
    const apt = new PrivateApt(folder, mirror, suite, debianNames(host.architecture).architecture);
    const { failure } = await apt.update();
    const packages = failure === undefined ? await apt.choose(names) : [];
    if (packages.length > 0) return { apt, packages };
    failures.push(`${suite}: ${failure ?? `no package ${names.join(" or ")}`}`);
  }
  throw new SetupError(`This machine's package mirror gives no ${what}:\n${failures.join("\n")}`);
}

/** Puts the packages' files, without those that a pattern of `leftOut` names, into a folder. */
export async function unpackPackages(debs: string[], into: string, leftOut: string[]): Promise<void> {
  const step = startStep("Unpacking it");
  let files = 0;
  const excludes = leftOut.map((pattern) => `--exclude=${pattern}`);
  for (const deb of debs) {
    const script = 'set -o pipefail; dpkg-deb --fsys-tarfile "$0" | tar -xv --no-same-owner -C "$@"';
    await runOrThrow(`Unpacking ${deb}`, ["bash", "-c", script, deb, into, ...excludes], {
      onLine: () => step.update(0, `${++files} files`),
    });
  }
  step.done(`${files} files`);
}

/**
 * Packages in a folder of the cache, which is there whole or not at all; nothing is installed on the system. A
 * `SetupError` says why the machine's mirror does not give them.
 */
export async function ensureUnpacked(
  host: Host,
  home: string,
  wanted: Omit<Wanted, "folder"> & { leftOut: string[] },
): Promise<void> {
  if (existsSync(home)) return;
  if (!existsSync("/usr/bin/apt-get")) throw new SetupError(`No apt-get to fetch ${wanted.what} with.`);
  mkdirSync(dirname(home), { recursive: true });
  const onWait = (holder: string) => say(`Waiting: ${holder} is fetching ${wanted.what}.`);
  await withLock(
    `${home}.lock`,
    async () => {
      if (existsSync(home)) return;
      const download = `${home}.download`;
      const work = `${home}.partial`;
      const { apt, packages } = await openApt(host, { ...wanted, folder: download });
      const debs = await apt.download(packages, wanted.what);
      rmSync(work, { recursive: true, force: true });
      mkdirSync(work);
      await unpackPackages(debs, work, wanted.leftOut);
      renameSync(work, home);
      rmSync(download, { recursive: true, force: true });
    },
    { onWait },
  );
}
