import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureUnpacked, openApt, unpackPackages } from "../../scripts/setup/apt-packages.ts";
import type { Host } from "../../scripts/setup/host.ts";
import { temporaryFolder } from "./temporary.ts";

const unknownHost: Host = { id: "debian", codename: "no-such-release", architecture: "arm64" };
const hasPackageTools = Boolean(Bun.which("dpkg-deb"));

test("a folder that is there is whole: nothing is fetched", async () => {
  using folder = temporaryFolder();
  folder.write("sysroot/file", "");
  const wanted = { suites: [], names: ["nothing"], what: "nothing", leftOut: [] };
  await ensureUnpacked(unknownHost, join(folder.path, "sysroot"), wanted);
  expect(existsSync(join(folder.path, "sysroot.lock"))).toBe(false);
});

test("no suite with the packages: the error says what is missing", async () => {
  using folder = temporaryFolder();
  const wanted = { folder: folder.path, suites: [], names: ["a"], what: "C library" };
  await expect(openApt(unknownHost, wanted)).rejects.toThrow(
    /gives no C library:|names no package mirror of this machine's own release \(debian no-such-release\)/,
  );
});

test.skipIf(!hasPackageTools)("what is left out is not unpacked", async () => {
  using folder = temporaryFolder();
  folder.write("package/DEBIAN/control", "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: m\nDescription: d\n");
  for (const name of ["usr/bin/qemu-aarch64", "usr/bin/qemu-aarch64_be", "usr/bin/qemu-alpha", "usr/bin/qemu-x86_64"])
    folder.write(`package/${name}`, "");
  folder.write("out/.keep", "");
  const deb = join(folder.path, "p.deb");
  Bun.spawnSync(["dpkg-deb", "--build", join(folder.path, "package"), deb]);
  const patterns = ["./usr/bin/qemu-[!a]*", "./usr/bin/qemu-a[!a]*", "./usr/bin/qemu-aarch64_be*"];
  await unpackPackages([deb], join(folder.path, "out"), patterns);
  const files = [...new Bun.Glob("usr/**").scanSync({ cwd: join(folder.path, "out") })];
  expect(files).toEqual(["usr/bin/qemu-aarch64"]);
});
