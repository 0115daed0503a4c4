import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mirror } from "./apt-sources.ts";
import { megabytes, startStep } from "./progress.ts";
import { run, runOrThrow, SetupError } from "./run.ts";

/** A package that apt chose, with the size of its download. */
export interface ChosenPackage {
  name: string;
  version: string;
  byteLength: number;
}

/**
 * Packages that the host supplies (or that only an installed system needs). The private package database calls them
 * installed, so apt leaves them and what only they need out.
 */
const suppliedByHost = ["gcc", "binutils", "debconf", "tzdata", "media-types", "netbase", "readline-common"];

/** An apt that reads one suite into a folder of its own and changes nothing on the system. */
export class PrivateApt {
  readonly #folder: string;
  readonly #configFile: string;

  /** `supplied`: names of further packages that are left out. */
  constructor(folder: string, mirror: Mirror, suite: string, architecture: string, supplied: string[] = []) {
    this.#folder = folder;
    this.#configFile = join(folder, "apt.conf");
    for (const name of ["lists/partial", "cache/archives/partial", "debs"]) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    const options = mirror.options.length > 0 ? `[${mirror.options.join(" ")}] ` : "";
    const components = mirror.components.includes("universe") ? "main universe" : "main";
    writeFileSync(join(folder, "sources.list"), `deb ${options}${mirror.uri} ${suite} ${components}\n`);
    const installed = [...suppliedByHost, ...supplied].map(
      (name) =>
        `Package: ${name}\nStatus: install ok installed\nVersion: 99:1\nArchitecture: ${architecture}\n` +
        `Multi-Arch: foreign\nMaintainer: none <none@localhost>\nDescription: supplied by the host\n`,
    );
    writeFileSync(join(folder, "status"), `${installed.join("\n")}\n`);
    // The system's own apt.conf.d is read first (proxies, credentials); its hooks must not run for a private update.
    writeFileSync(
      this.#configFile,
      `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::CNF;
Dir::Etc::sourcelist "${join(folder, "sources.list")}";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
Dir::State::Lists "${join(folder, "lists")}";
Dir::State::status "${join(folder, "status")}";
Dir::State::extended_states "${join(folder, "extended_states")}";
Dir::Cache "${join(folder, "cache")}";
APT::Architecture "${architecture}";
APT::Architectures { "${architecture}"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
`,
    );
  }

  get downloadFolder(): string {
    return join(this.#folder, "debs");
  }

  #command(...args: string[]): string[] {
    return ["apt-get", "-c", this.#configFile, "-q", ...args];
  }

  /** Reads the suite's package list. Answers what apt said if that failed, for instance for a suite that is not there. */
  async update(): Promise<{ failure?: string }> {
    const result = await run(this.#command("update", "-o", "APT::Update::Error-Mode=any"), { env: { LC_ALL: "C" } });
    return result.code === 0 ? {} : { failure: result.stderr.trim().split("\n").slice(0, 3).join("\n") };
  }

  /** The packages that `names` need, without what the host supplies; empty if the suite does not have them. */
  async choose(names: string[]): Promise<ChosenPackage[]> {
    const result = await run(this.#command("-y", "-s", "-V", "install", ...names), { env: { LC_ALL: "C" } });
    if (result.code !== 0) return [];
    const uris = await runOrThrow("Asking apt for sizes", this.#command("-y", "--print-uris", "install", ...names), {
      env: { LC_ALL: "C" },
    });
    const sizes = new Map<string, number>();
    for (const match of uris.stdout.matchAll(/^'[^']*' ([^_\s]+)_\S+ (\d+)/gm)) {
      sizes.set(match[1] ?? "", Number(match[2]));
    }
    return [...result.stdout.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([, name = "", version = ""]) => ({
      name,
      version,
      byteLength: sizes.get(name) ?? 0,
    }));
  }

  /** Downloads the packages; those of an interrupted run that are whole are kept (apt checks their hashes). */
  async download(packages: ChosenPackage[], what: string): Promise<string[]> {
    const total = packages.reduce((sum, one) => sum + one.byteLength, 0);
    const step = startStep(`Downloading ${what} (${packages.length} packages, ${megabytes(total)})`, total);
    const timer = setInterval(() => {
      const here = folderByteLength(this.downloadFolder);
      step.update(here, `${megabytes(here)} of ${megabytes(total)}`);
    }, 250);
    try {
      await runOrThrow(
        `Downloading ${what}`,
        this.#command("download", ...packages.map((one) => `${one.name}=${one.version}`)),
        { cwd: this.downloadFolder, env: { LC_ALL: "C" } },
      );
    } finally {
      clearInterval(timer);
    }
    const files = readdirSync(this.downloadFolder).filter((name) => name.endsWith(".deb"));
    const missing = packages.filter((one) => !files.some((file) => file.startsWith(`${one.name}_`)));
    if (missing.length > 0) {
      throw new SetupError(
        `apt-get download answered success, but these packages are missing: ${missing.map((one) => one.name).join(", ")}`,
      );
    }
    step.done(megabytes(total));
    // Another version's file from an earlier, interrupted run may lie here too: take only what was chosen.
    return packages.map((one) => {
      const version = one.version.replaceAll(":", "%3a");
      const file = files.find((name) => name.startsWith(`${one.name}_${version}_`));
      if (!file)
        throw new SetupError(`The downloaded file of ${one.name} ${one.version} is missing in ${this.downloadFolder}`);
      return join(this.downloadFolder, file);
    });
  }
}

function folderByteLength(folder: string): number {
  let sum = 0;
  for (const name of readdirSync(folder)) {
    try {
      sum += statSync(join(folder, name)).size;
    } catch {
      // apt renamed it in between.
    }
  }
  return sum;
}
