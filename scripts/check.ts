/** `bun run check`: types, format, lint. Runs all three and then fails if one did. */
import { join } from "node:path";
import { ensurePackages } from "./setup/ensure.ts";
import { projectRoot } from "./setup/paths.ts";

const checks: [name: string, command: string[]][] = [
  ["types", [process.execPath, "check", "--no-script"]],
  ["format", [process.execPath, "fmt", "--check", "--no-script"]],
  ["lint", [join(projectRoot, "node_modules", ".bin", "oxlint"), "--deny-warnings"]],
];

await ensurePackages();
const failed: string[] = [];
for (const [name, command] of checks) {
  const { exitCode } = Bun.spawnSync(command, { cwd: projectRoot, stdio: ["ignore", "inherit", "inherit"] });
  console.log(`${exitCode === 0 ? "ok  " : "FAIL"} ${name}`);
  if (exitCode !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.log(`check failed: ${failed.join(", ")}`);
  process.exit(1);
}
