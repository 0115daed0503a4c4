import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOrThrow } from "../setup/run.ts";
import { type CpioEntry, writeCpio } from "./cpio.ts";
import { readModuleLayout } from "./module-layout.ts";
import type { Emulator } from "./packages.ts";

const sources = import.meta.dir;

/**
 * quiet: only what the tests print reaches the serial port. acpi=off: Bochs's system management mode fails on the CR4 bits that
 * Linux sets for this CPU. clearcpuid=600: no AMX for Linux itself, see tiles.c.
 */
const kernelOptions =
  "console=ttyS0 quiet acpi=off nokaslr mitigations=off tsc=reliable random.trust_cpu=on panic=-1 clearcpuid=600";

export interface Builder {
  emulator: Emulator;
  /** Where the disk and what goes onto it is written. */
  folder: string;
  environment: Record<string, string>;
}

async function buildModule({ emulator, folder, environment }: Builder): Promise<string> {
  const modules = join(emulator.folder, "usr/lib/modules");
  const pattern = new Bun.Glob("*/kernel/arch/x86/crypto/blowfish-x86_64.ko.xz");
  const [example = ""] = [...pattern.scanSync({ cwd: modules, absolute: true })];
  await copyFile(example, join(folder, "example.ko.xz"));
  await runOrThrow("Unpacking a kernel module", [...emulator.command("xz"), "-df", join(folder, "example.ko.xz")]);
  const { byteLength, initOffset } = readModuleLayout(readFileSync(join(folder, "example.ko")));
  const module = join(folder, "tiles.ko");
  const layout = [`-DMODULE_BYTES=${byteLength}`, `-DINIT_OFFSET=${initOffset}`];
  const flags = ["-O1", "-mcmodel=kernel", "-fno-pic", ...layout];
  await runOrThrow("tiles.c", ["clang", ...flags, "-c", join(sources, "tiles.c"), "-o", module], { env: environment });
  return module;
}

async function buildInit({ folder, environment }: Builder): Promise<string> {
  const init = join(folder, "init");
  await runOrThrow("init.c", ["clang", "-O2", "-static", join(sources, "init.c"), "-o", init], { env: environment });
  return init;
}

/** A bootable disk with Linux, whose only work is to run `program` once per entry of `argumentLists`. */
export async function buildDisk(builder: Builder, program: string, argumentLists: string[][]): Promise<string> {
  const { emulator, folder } = builder;
  const boot = join(folder, "disk/isolinux");
  mkdirSync(boot, { recursive: true });
  const [module, init] = await Promise.all([buildModule(builder), buildInit(builder)]);
  const commands = argumentLists.map((list) => ["/program", ...list].join(" ")).join("\n");
  const executable = (name: string, path: string): CpioEntry => ({ name, mode: 0o100755, data: readFileSync(path) });
  const files: CpioEntry[] = [
    { name: "dev", mode: 0o40755 },
    { name: "dev/console", mode: 0o20600, device: [5, 1] },
    executable("init", init),
    executable("program", program),
    executable("tiles.ko", module),
    { name: "commands", mode: 0o100644, data: Buffer.from(`${commands}\n`) },
  ];
  const usr = join(emulator.folder, "usr");
  const kernel = readdirSync(join(emulator.folder, "boot")).find((name) => name.startsWith("vmlinuz-")) ?? "vmlinuz";
  await Promise.all([
    copyFile(join(usr, "lib/ISOLINUX/isolinux.bin"), join(boot, "isolinux.bin")),
    copyFile(join(usr, "lib/syslinux/modules/bios/ldlinux.c32"), join(boot, "ldlinux.c32")),
    copyFile(join(emulator.folder, "boot", kernel), join(folder, "disk/vmlinuz")),
    writeFile(join(folder, "disk/files"), writeCpio(files)),
    writeFile(
      join(boot, "isolinux.cfg"),
      `DEFAULT linux\nLABEL linux\n  KERNEL /vmlinuz\n  INITRD /files\n  APPEND ${kernelOptions}\n`,
    ),
  ]);
  const disk = join(folder, "disk.iso");
  const loader = ["-b", "isolinux/isolinux.bin", "-c", "isolinux/catalog", "-no-emul-boot", "-boot-load-size", "4"];
  const options = ["-as", "mkisofs", "-quiet", "-o", disk, ...loader, "-boot-info-table"];
  await runOrThrow("xorriso", [...emulator.command("xorriso"), ...options, join(folder, "disk")]);
  return disk;
}
