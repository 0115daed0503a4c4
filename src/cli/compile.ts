import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { projectRoot } from "../../scripts/setup/paths.ts";
import { IoError } from "../errors.ts";
import { bundledModel } from "./paths.ts";
import { parseCommandLine, UsageError } from "./usage.ts";

export async function run(args: string[], ready: () => Promise<unknown>): Promise<void> {
  const { values, positionals } = parseCommandLine({
    args,
    allowPositionals: true,
    options: { outfile: { type: "string" }, model: { type: "string" } },
  });
  if (positionals.length > 0) throw new UsageError(`${positionals[0]}: compile takes options only`);
  if (!values.outfile) throw new UsageError("compile wants --outfile NAME");
  const outfile = resolve(values.outfile);
  await ready();
  if (values.model !== undefined) await checkModel(values.model);

  // Inside the project, so that its imports resolve.
  mkdirSync(join(projectRoot, "dist"), { recursive: true });
  const folder = mkdtempSync(join(projectRoot, "dist", "compile-"));
  try {
    const entry = join(folder, "entry.ts");
    await Bun.write(entry, await entrySource(folder, values.model));
    await build(entry, outfile);
  } finally {
    rmSync(folder, { recursive: true });
  }
  await Bun.write(Bun.stdout, `${values.outfile}  ${(statSync(outfile).size / 1e6).toFixed(1)} MB\n`);
}

/** A model that does not load is found here, not on the user's machine. */
async function checkModel(path: string): Promise<void> {
  const { loadModel } = await import("../index.ts");
  using _ = await loadModel(path);
}

async function build(entrypoint: string, outfile: string): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: [entrypoint],
    target: "bun",
    minify: { syntax: true, whitespace: true },
    compile: { outfile },
    throw: false,
  });
  if (!success) throw new IoError(`cannot make ${outfile}: ${logs.join("\n")}`);
}

/** A program that imports each of the model's files, so that the bundler puts them into the executable. */
async function entrySource(folder: string, modelPath: string | undefined): Promise<string> {
  const standalone = JSON.stringify(relative(folder, join(projectRoot, "src/cli/standalone.ts")));
  const head = `import { runStandalone } from ${standalone};\n`;
  if (modelPath === undefined) return `${head}process.exitCode = await runStandalone(process.argv.slice(2));\n`;
  const root = resolve(modelPath);
  const files = listFiles(root);
  const hasher = new Bun.CryptoHasher("sha256");
  for (const path of files) {
    const bytes = await Bun.file(join(root, path)).bytes();
    hasher.update(`${path}\0${bytes.length}\0`);
    hasher.update(bytes);
  }
  const model = JSON.stringify({
    name: basename(root),
    hash: hasher.digest("hex").slice(0, 32),
    crop: root === bundledModel.path ? bundledModel.crop : "center",
  });
  const imports = files.map(
    (path, i) => `import f${i} from ${JSON.stringify(join(root, path))} with { type: "file" };\n`,
  );
  const list = files.map((path, i) => `[${JSON.stringify(path)}, f${i}]`).join(", ");
  return `${head}${imports.join("")}process.exitCode = await runStandalone(process.argv.slice(2), { ...${model}, files: [${list}] });\n`;
}

/** Relative paths of the files in a folder, sorted; of a file: the empty path. */
function listFiles(root: string): string[] {
  if (!statSync(root).isDirectory()) return [""];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
