import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dtypes } from "../../src/dtype.ts";
import { pixelLayouts } from "../../src/native/image.ts";
import { abiVersion, libraryCandidates } from "../../src/native/library.ts";
import { statusErrors } from "../../src/native/status.ts";
import { symbols } from "../../src/native/symbols.ts";
import { compareAbi, parseEnum, parseHeader, parseNm, parseSwift, parseSymbols } from "./abi.ts";

const sourcesFolder = join(import.meta.dir, "..", "..", "swift", "Sources");
const header = readFileSync(join(sourcesFolder, "CTensorLogic", "include", "tensorlogic.h"), "utf8");
const bridgeFolder = join(sourcesFolder, "TensorLogic");
const swift = [...new Bun.Glob("**/*.swift").scanSync({ cwd: bridgeFolder })].map((file) =>
  readFileSync(join(bridgeFolder, file), "utf8"),
);
const swiftText = swift.join("\n");
let nm = "";

beforeAll(() => {
  const library = libraryCandidates().find((path) => existsSync(path));
  if (!library) throw new Error("the native library is not built: `bun run test` builds it");
  const flags = process.platform === "darwin" ? ["-gU"] : ["-D", "--defined-only"];
  const { stdout, exitCode, stderr } = Bun.spawnSync(["nm", ...flags, library]);
  if (exitCode !== 0) throw new Error(`nm ${library}: ${stderr.toString()}`);
  nm = stdout.toString();
});

interface Places {
  header: string;
  symbols: Parameters<typeof parseSymbols>[0];
  swift: readonly string[];
  nm: string;
}

function problems(changed: Partial<Places> = {}): string[] {
  const places = { header, symbols, swift, nm, ...changed };
  const lists = { "symbols.ts": parseSymbols(places.symbols), Swift: parseSwift(places.swift) };
  return compareAbi(parseHeader(places.header), lists, parseNm(places.nm));
}

test("header, symbols.ts, Swift exports and the library agree", () => {
  expect(parseHeader(header).size).toBeGreaterThan(30);
  expect(problems()).toEqual([]);
});

describe("a difference is found when", () => {
  const release = "int32_t tl_text_release(uint32_t text);";

  test("the header loses a function", () => {
    expect(problems({ header: header.replace(release, "") })).toEqual([
      "tl_text_release of symbols.ts is not in the header",
      "tl_text_release of Swift is not in the header",
      "tl_text_release is exported but not in the header",
    ]);
  });

  test("the header gains a function", () => {
    expect(problems({ header: header.replace(release, `${release}\nint32_t tl_text_new(void);`) })).toEqual([
      "tl_text_new is not in symbols.ts",
      "tl_text_new is not in Swift",
      "tl_text_new is not exported by the library",
    ]);
  });

  test("a parameter has another type in the header", () => {
    expect(problems({ header: header.replace(release, release.replace("uint32_t text", "uint64_t text")) })).toEqual([
      "tl_text_release takes (u64) in the header, (u32) in symbols.ts",
      "tl_text_release takes (u64) in the header, (u32) in Swift",
    ]);
  });

  test("symbols.ts has another parameter list", () => {
    expect(problems({ symbols: { ...symbols, tl_text_release: { args: ["ptr"], returns: "i32" } } })).toEqual([
      "tl_text_release takes (u32) in the header, (ptr) in symbols.ts",
    ]);
  });

  test("symbols.ts lacks a function", () => {
    const { tl_text_release: _, ...rest } = symbols;
    expect(problems({ symbols: rest })).toEqual(["tl_text_release is not in symbols.ts"]);
  });

  test("a Swift export has another parameter list", () => {
    const changed = swift.map((source) => source.replace("tl_text_release(_ text: UInt32)", "tl_text_release()"));
    expect(problems({ swift: changed })).toEqual(["tl_text_release takes (u32) in the header, () in Swift"]);
  });

  test("the library lacks an export", () => {
    expect(problems({ nm: nm.replace(/^.* _?tl_text_release$/m, "") })).toEqual([
      "tl_text_release is not exported by the library",
    ]);
  });

  test("the library exports more", () => {
    expect(problems({ nm: `${nm}\n0000000000000000 T tl_secret\n` })).toEqual([
      "tl_secret is exported but not in the header",
    ]);
  });
});

describe("numbers of the header are those of", () => {
  test("TL_ABI_VERSION: library.ts", () => {
    expect(Number(/#define TL_ABI_VERSION (\d+)/.exec(header)?.[1])).toBe(abiVersion);
  });

  test("tl_status: status.ts", () => {
    const { TL_OK, ...failures } = parseEnum(header, "tl_status");
    expect(TL_OK).toBe(0);
    expect(Object.keys(statusErrors).map(Number).sort()).toEqual(Object.values(failures).sort());
  });

  test("tl_dtype: dtype.ts and ElementFormat.swift", () => {
    const expected = Object.entries(parseEnum(header, "tl_dtype")).map(([name, code]) => [
      name.replace("TL_", "").toLowerCase(),
      code,
    ]);
    expect(Object.entries(dtypes).map(([name, { code }]) => [name, code])).toEqual(expected);
    expect(swiftCases("ElementFormat")).toEqual(Object.fromEntries(expected));
  });

  test("tl_pixels: image.ts and PixelFormat.swift", () => {
    const expected = Object.values(parseEnum(header, "tl_pixels"));
    expect(Object.values(pixelLayouts).map(({ code }) => code)).toEqual(expected as never);
    expect(Object.values(swiftCases("PixelFormat"))).toEqual(expected);
  });
});

test("the library's version is the package's", () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dir, "..", "..", "package.json"), "utf8"));
  expect(/let libraryVersion = "(.*)"/.exec(swiftText)?.[1]).toBe(version);
});

/** Raw values of a Swift enum. */
function swiftCases(name: string): Record<string, number> {
  const body = new RegExp(`enum ${name}: Int32 \\{([\\s\\S]*?)\\n\\n`).exec(swiftText)?.[1] ?? "";
  return Object.fromEntries([...body.matchAll(/(\w+) = (\d+)/g)].map(([, key, value]) => [key!, Number(value)]));
}
