import { expect, test } from "bun:test";
import {
  chooseMirror,
  parseDeb822Sources,
  parseOneLineSources,
  readMachineMirrors,
} from "../../scripts/setup/apt-sources.ts";
import { temporaryFolder } from "./temporary.ts";

const deb822 = `# a comment
Types: deb
# http://commented.example/debian
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;

test("deb822 sources: the release's own mirror with its key", () => {
  const mirrors = parseDeb822Sources(deb822);
  expect(mirrors.map((mirror) => mirror.uri)).toEqual([
    "http://mirror.example/debian",
    "http://mirror.example/debian-security",
  ]);
  expect(chooseMirror(mirrors, "bookworm")).toEqual({
    uri: "http://mirror.example/debian",
    suites: ["bookworm", "bookworm-updates"],
    components: ["main"],
    options: ["signed-by=/usr/share/keyrings/debian.gpg"],
  });
});

test("one-line sources: options, comments, third parties", () => {
  const mirrors = parseOneLineSources(`
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://vendor.example/apt stable vendor
deb-src http://sources.example/debian bookworm main
deb [ signed-by=/d.gpg ] http://mirror.example/debian bookworm main contrib # note
`);
  expect(chooseMirror(mirrors, "bookworm")).toEqual({
    uri: "http://mirror.example/debian",
    suites: ["bookworm"],
    components: ["main", "contrib"],
    options: ["signed-by=/d.gpg"],
  });
});

test("an inline key block does not go into a one-line source", () => {
  const text =
    "Types: deb\nURIs: http://m.example/d\nSuites: sid\nComponents: main\nSigned-By:\n -----BEGIN PGP-----\n .\n x\n";
  expect(parseDeb822Sources(text)[0]?.options).toEqual([]);
});

test("no mirror of the release: none is guessed", () => {
  expect(chooseMirror(parseDeb822Sources(deb822), "noble")).toBeUndefined();
  expect(chooseMirror([], "bookworm")).toBeUndefined();
});

test("both places and both formats are read, other files are not", () => {
  using folder = temporaryFolder();
  folder.write("sources.list", "deb http://a.example/debian bookworm main\n");
  folder.write("sources.list.d/b.list", "deb http://b.example/debian bookworm main\n");
  folder.write("sources.list.d/c.sources", deb822);
  folder.write("sources.list.d/d.list.disabled", "deb http://d.example/debian bookworm main\n");
  expect(readMachineMirrors(folder.path).map((mirror) => mirror.uri)).toEqual([
    "http://a.example/debian",
    "http://b.example/debian",
    "http://mirror.example/debian",
    "http://mirror.example/debian-security",
  ]);
});
