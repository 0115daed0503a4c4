import { expect, test } from "bun:test";
import { join } from "node:path";
import { Folder } from "../mil/temporary.ts";
import { bunRun } from "../support/shell.ts";

test("a script beside its files", async () => {
  using folder = new Folder();
  Bun.spawnSync(["cp", join(import.meta.dir, "../fixtures/weights/types.gguf"), folder.path]);
  const path = folder.write(
    "guide.tl",
    'model = load_model("types.gguf")\nprint("Model format:", model.metadata.format)\n',
  );
  expect(await bunRun("tl", path)).toEqual({ code: 0, stdout: "Model format: GGUF\n", stderr: "" });
});

test("an error: exit code 1, what was printed, the place", async () => {
  using folder = new Folder();
  const path = folder.write("wrong.tl", "print(1)\nprint(two)\n");
  const { code, stdout, stderr } = await bunRun("tl", path);
  expect([code, stdout]).toEqual([1, "1\n"]);
  expect(stderr).toEndWith("wrong.tl:2:7: there is no variable two\n  2 | print(two)\n    |       ^^^\n");
});

test("a file that is not there", async () => {
  const { code, stderr } = await bunRun("tl", "nowhere.tl");
  expect([code, stderr]).toEqual([1, "error: nowhere.tl: no such file\n"]);
});

test.each([
  [[], "error: tl wants a FILE.tl\n"],
  [["a.tl", "b.tl"], "error: b.tl: tl takes one file\n"],
  [["--fast", "a.tl"], "error: Unknown option '--fast'"],
])("wrong usage %p", async (args, message) => {
  const { code, stderr } = await bunRun("tl", ...args);
  expect(stderr).toStartWith(message);
  expect(code).toBe(2);
});

test("tl --help", async () => {
  const { code, stdout } = await bunRun("tl", "--help");
  expect(code).toBe(0);
  expect(stdout).toStartWith("bun run tl FILE.tl\n");
});
