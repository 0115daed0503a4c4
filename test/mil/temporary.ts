import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const fixtures = join(import.meta.dir, "../fixtures");
export const specification = "Data/com.apple.CoreML/model.mlmodel";
export const weights = "Data/com.apple.CoreML/weights/weight.bin";

/** A folder for one test, removed at its end by `using`. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(realpathSync(tmpdir()), "tensorlogic-mil-"));

  write(name: string, content: string | Uint8Array): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** A copy of a fixture's package. */
  copy(fixture: string): string {
    const to = join(this.path, `${fixture}.mlpackage`);
    cpSync(join(fixtures, "models", fixture, "model.mlpackage"), to, { recursive: true });
    return to;
  }

  link(name: string, target: string): void {
    const file = join(this.path, name);
    rmSync(file, { recursive: true, force: true });
    symlinkSync(target, file);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
