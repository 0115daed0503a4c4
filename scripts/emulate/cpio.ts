export interface CpioEntry {
  name: string;
  /** File type and permissions, as `st_mode` has them. */
  mode: number;
  data?: Uint8Array;
  /** Major and minor number of a device. */
  device?: [number, number];
}

const padded = (byteLength: number) => (byteLength + 3) & ~3;

/** An archive in the "newc" format, which is what Linux takes for its first file system. */
export function writeCpio(entries: CpioEntry[]): Uint8Array {
  const parts: Buffer[] = [];
  const all: CpioEntry[] = [...entries, { name: "TRAILER!!!", mode: 0 }];
  for (const [index, { name, mode, data = new Uint8Array(), device = [0, 0] }] of all.entries()) {
    const fields = [index + 1, mode, 0, 0, 1, 0, data.length, 0, 0, ...device, name.length + 1, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${name}\0`;
    const head = Buffer.alloc(padded(header.length));
    head.write(header, "latin1");
    const body = Buffer.alloc(padded(data.length));
    body.set(data);
    parts.push(head, body);
  }
  return Buffer.concat(parts);
}
