import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

function hashOf(root: string): string {
  const hash = new Bun.CryptoHasher("sha256");
  for (const name of ["package.json", "bun.lock"]) hash.update(readFileSync(join(root, name))).update("\0");
  return hash.digest("hex");
}

function stampPath(root: string): string {
  return join(root, "node_modules", ".tensorlogic-packages");
}

/** True if node_modules holds what bun.lock says. A package installed as a dependency has no lock: its user installs. */
export function arePackagesFresh(root: string): boolean {
  if (!existsSync(join(root, "bun.lock"))) return true;
  try {
    return readFileSync(stampPath(root), "utf8") === hashOf(root);
  } catch {
    return false;
  }
}

export async function installPackages(root: string): Promise<void> {
  const [{ startStep }, { run, SetupError }] = await Promise.all([import("./progress.ts"), import("./run.ts")]);
  const step = startStep("Installing JavaScript packages");
  const result = await run([process.execPath, "install", "--frozen-lockfile"], { cwd: root });
  if (result.code !== 0) {
    throw new SetupError(`bun install --frozen-lockfile failed:\n${(result.stderr || result.stdout).trim()}`);
  }
  mkdirSync(join(root, "node_modules"), { recursive: true });
  writeFileSync(`${stampPath(root)}.tmp`, hashOf(root));
  renameSync(`${stampPath(root)}.tmp`, stampPath(root));
  step.done();
}
