/**
 * `bun scripts/generate-shaders.ts` translates swift/Sources/Shaders/metal/*.metal to the C++ that is compiled with the library,
 * so that these shaders need no compiler at run time. Run it after a change of a shader or of the translation;
 * test/metal/generated.test.ts compares the sources' hashes.
 */
import { basename, join } from "node:path";
import { buildFlags } from "./setup/stamp.ts";
import { projectRoot } from "./setup/paths.ts";
import { runOrThrow } from "./setup/run.ts";
import { ensureToolchain } from "./setup/toolchain.ts";

const swiftFolder = join(projectRoot, "swift");
const shaders = join(swiftFolder, "Sources", "Shaders");
const { environment } = await ensureToolchain();

/** A translator that is built already, or one in the folder of debug builds. */
async function findTranslator(): Promise<string> {
  if (process.argv[2]) return process.argv[2];
  const build = ["swift", "build", "--package-path", swiftFolder, "--product", "msl-translate", ...buildFlags()];
  await runOrThrow("Building msl-translate", build, { env: environment });
  return join(swiftFolder, ".build", "debug", "msl-translate");
}

const translator = await findTranslator();
const list: string[] = [];
for (const file of [...new Bun.Glob("*.metal").scanSync({ cwd: join(shaders, "metal") })].sort()) {
  const name = basename(file, ".metal");
  const child = Bun.spawn([translator, join(shaders, "shim")], {
    stdin: Bun.file(join(shaders, "metal", file)),
    stderr: "inherit",
    env: { ...process.env, ...environment },
  });
  const output = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`${file} was not translated`);
  const end = output.indexOf("\n");
  const hash = output.slice(0, end);
  const header = `// Translated from metal/${file} by scripts/generate-shaders.ts. SHA-256 of the source: ${hash}\n`;
  // The preprocessor's marks name files of this machine.
  const text = output.slice(end + 1).replaceAll(/^# \d+ .*\n/gm, "");
  await Bun.write(join(shaders, "generated", `${name}.inc`), header + text);
  list.push(`TLM_SHADER(${name}, "${hash}")\n`);
  console.log(`${file} → generated/${name}.inc`);
}
const listHeader = "// By scripts/generate-shaders.ts: every shader of metal/ with the SHA-256 of its source.\n";
await Bun.write(join(shaders, "generated", "list.inc"), listHeader + list.join(""));
