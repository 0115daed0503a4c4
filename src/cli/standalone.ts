import { basename } from "node:path";
import { exitCodes, isCommand, runCommandLine } from "./command-line.ts";
import { type EmbeddedModel, embeddedModelPath, unpackModel } from "./embedded-model.ts";

/** What an executable of `bun run compile` does; gives its exit code. */
export async function runStandalone(args: string[], model?: EmbeddedModel): Promise<number> {
  const program = basename(process.execPath);
  const usage = model
    ? `${program} [--top N] [--json] … INPUT ...   run ${model.name}\n${program} infer --help                tells all options\n${program} describe                    describe the model\n`
    : `${program} infer MODEL INPUT ...   run a model\n${program} describe MODEL          describe it\nEach has --help.\n`;
  if (args[0] === "--help" || args[0] === "-h") {
    await Bun.write(Bun.stdout, usage);
    return exitCodes.done;
  }
  if (args.length === 0) {
    await Bun.write(Bun.stderr, usage);
    return exitCodes.usage;
  }
  return runCommandLine(isCommand(args[0]) || !model ? args : ["infer", ...args], {
    prefix: program,
    ready: async () => model && unpackModel(model),
    ...(model
      ? { defaultModel: { path: embeddedModelPath(model), name: model.name, crop: model.crop, isOnly: true } }
      : {}),
  });
}
