import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Emulator } from "./packages.ts";

/** A Xeon of 2023: AVX-512 and AMX (int8, bf16). ips only paces the emulated clock: waits of the BIOS get shorter with it. */
const cpu = "model=sapphire_rapids, count=1, ips=50000000, reset_on_triple_fault=0";

function writeConfiguration(emulator: Emulator, folder: string, disk: string): string {
  const share = join(emulator.folder, "usr/share/bochs");
  const lines = [
    "config_interface: textconfig",
    "display_library: term",
    "plugin_ctrl: serial=true, unmapped=true",
    `cpu: ${cpu}`,
    "memory: guest=1024, host=1024",
    `romimage: file=${join(share, "BIOS-bochs-latest")}`,
    `vgaromimage: file=${join(share, "VGABIOS-lgpl-latest")}`,
    `ata0-master: type=cdrom, path=${disk}, status=inserted`,
    "boot: cdrom",
    "clock: sync=none, time0=utc",
    `com1: enabled=1, mode=file, dev=${join(folder, "serial.txt")}`,
    `log: ${join(folder, "bochs.log")}`,
    "panic: action=fatal",
  ];
  const path = join(folder, "bochsrc");
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

/** Boots the disk, passes each line that the programs print to `onLine`, and answers their exit codes. */
export async function runMachine(
  emulator: Emulator,
  folder: string,
  disk: string,
  onLine: (line: string) => void,
  timeoutMs: number,
): Promise<number[]> {
  const serial = join(folder, "serial.txt");
  const command = [...emulator.command("bochs-bin"), "-q", "-f", writeConfiguration(emulator, folder, disk)];
  const child = Bun.spawn(command, {
    env: {
      ...process.env,
      LTDL_LIBRARY_PATH: join(emulator.folder, "usr/lib/x86_64-linux-gnu/bochs/plugins"),
      BXSHARE: join(emulator.folder, "usr/share/bochs"),
      // The screen is drawn with terminal codes into a pipe that nobody reads.
      TERM: "xterm",
      TERMINFO: join(emulator.folder, "usr/share/terminfo"),
    },
    stdio: ["ignore", "ignore", "ignore"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const exitCodes: number[] = [];
  let taken = 0;
  const takeLines = () => {
    const lines = existsSync(serial) ? readFileSync(serial, "utf8").split(/\r?\n/) : [];
    for (const line of lines.slice(taken, -1)) {
      const code = /^exit (\d+)$/.exec(line)?.[1];
      if (code !== undefined) exitCodes.push(Number(code));
      else if (!line.startsWith("[")) onLine(line);
    }
    taken = Math.max(taken, lines.length - 1);
  };
  const timer = setInterval(takeLines, 500);
  await child.exited;
  clearInterval(timer);
  takeLines();
  return exitCodes;
}
