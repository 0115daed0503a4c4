/** What a hand-made module must know of `struct module`, whose size and fields differ from kernel to kernel. */
export interface ModuleLayout {
  byteLength: number;
  initOffset: number;
}

interface Section {
  name: string;
  offset: number;
  byteLength: number;
  link: number;
}

function readSections(file: Buffer): Section[] {
  const start = Number(file.readBigUInt64LE(40));
  const count = file.readUInt16LE(60);
  const namesIndex = file.readUInt16LE(62);
  const header = (index: number) => file.subarray(start + index * 64, start + (index + 1) * 64);
  const namesOffset = Number(header(namesIndex).readBigUInt64LE(24));
  return Array.from({ length: count }, (_, index) => {
    const bytes = header(index);
    const name = namesOffset + bytes.readUInt32LE(0);
    return {
      name: file.toString("latin1", name, file.indexOf(0, name)),
      offset: Number(bytes.readBigUInt64LE(24)),
      byteLength: Number(bytes.readBigUInt64LE(32)),
      link: bytes.readUInt32LE(40),
    };
  });
}

/** Reads the layout from a module (64-bit ELF) that has an `init_module`: the field that is relocated against it. */
export function readModuleLayout(file: Buffer): ModuleLayout {
  const sections = readSections(file);
  const find = (name: string) => {
    const section = sections.find((one) => one.name === name);
    if (!section) throw new Error(`the kernel module has no section ${name}`);
    return section;
  };
  const relocations = find(".rela.gnu.linkonce.this_module");
  const symbols = find(".symtab");
  const names = sections[symbols.link]?.offset ?? 0;
  for (let done = 0; done < relocations.byteLength; done += 24) {
    const at = relocations.offset + done;
    const symbol = symbols.offset + Number(file.readBigUInt64LE(at + 8) >> 32n) * 24;
    const name = names + file.readUInt32LE(symbol);
    if (file.toString("latin1", name, file.indexOf(0, name)) !== "init_module") continue;
    return { byteLength: find(".gnu.linkonce.this_module").byteLength, initOffset: Number(file.readBigUInt64LE(at)) };
  }
  throw new Error("the kernel module has no init_module");
}
