import { describe, expect, test } from "bun:test";
import { bunRun, shell } from "../support/shell.ts";

describe("help, word for word", () => {
  test("infer --help", async () => {
    const { code, stdout, stderr } = await bunRun("infer", "--help");
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toBe(`bun run infer [MODEL] [[name=]INPUT ...]

Runs a model once, prints its outputs, then times it. Without arguments it classifies the bundled photo with the
bundled EfficientNet-Lite0; a picture alone (bun run infer cat.jpg) is classified with that model.

INPUT, by the feature it is for (with one input feature its name may be left out):
  image              a JPEG, PNG or WebP file
  tensor             a .npy file, a .json file, or a literal: 1.5, [[1, 2], [3, 4]]
  number, string     a literal
  dictionary, list   a .json file or a literal: {"a": 1}

options
  --top N            classes to print (default 5)
  --repeat N         timed runs after the first one (default 10, at most 1 second)
  --crop MODE        how a picture gets the model's size: center scales the shorter side and cuts the middle out,
                     imagenet does so 8/7 larger (256 for 224), fit scales the whole picture and adds black bars,
                     fill stretches (default center; imagenet for the bundled model)
  --compute-units U  all, cpuOnly, cpuAndGPU or cpuAndNeuralEngine (default all)
  --function NAME    the function of a multi-function model
  --output DIR       also write the outputs: tensors as .npy, images as .png, the rest as .json
  --json             print one JSON object instead of text
  --help             print this text
`);
  });

  test("describe --help", async () => {
    const { code, stdout } = await bunRun("describe", "--help");
    expect(code).toBe(0);
    expect(stdout).toBe(`bun run describe [MODEL]

Prints what a model takes, what it gives, its metadata, and which operations it consists of. Without a MODEL it
describes the bundled EfficientNet-Lite0. Of a file of weights (SafeTensors, a folder or index of shards, GGUF) it
prints the metadata and the tensors.

options
  --function NAME    the function of a multi-function model
  --json             print one JSON object instead of text
  --help             print this text
`);
  });

  test("the overview names both commands, the exit codes and every environment variable", async () => {
    const { code, stdout } = await shell([process.execPath, "src/cli/main.ts", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toBe(`tensorlogic: run Core ML models from Bun

  bun run infer [MODEL] [[name=]INPUT ...]   run a model and print its outputs
  bun run describe [MODEL]                   print inputs, outputs, metadata and operations
  bun run bench [MODEL] [[name=]INPUT ...]   measure latency, memory and power per device
  bun run advise [MODEL] [[name=]INPUT ...]  say what keeps a model off the Neural Engine, and how to change it
  bun run compile --outfile NAME             make one executable, if asked with a model inside
  bun run tl FILE.tl                         run a script of the TensorLogic language

Each command has --help. Without a MODEL it takes the bundled EfficientNet-Lite0.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 advise has findings.

environment
  TENSORLOGIC_LIB        Path of the native library, instead of the one beside the package.
  TENSORLOGIC_TRACE_FFI  1 prints calls, median and p99 per native function to stderr when the process exits.
  TENSORLOGIC_THREADS    Number of threads of the portable engine; default: the cores this process may use.
  TENSORLOGIC_ISA        Highest instruction set that the portable engine may use: scalar, avx2, avx512, amx or neon.
  TENSORLOGIC_CACHE      Folder of what outlives a checkout: the Swift toolchain, compiled Metal shaders; default ~/.cache/tensorlogic.
  TENSORLOGIC_CLANG      The clang that compiles Metal shaders for the CPU; default: the Swift toolchain's, or one on PATH.
  TENSORLOGIC_QUIRKS     strides,backings,alias: the portable Core ML behaves like the worst seen in the wild (for tests).
`);
  });
});

describe("wrong usage exits with 2 and says what was expected", () => {
  test.each([
    [["infer", "--top", "NaN"], "error: --top NaN: expected a whole number of at least 1\n"],
    [["infer", "--top", "0"], "error: --top 0: expected a whole number of at least 1\n"],
    [["infer", "--repeat", "-1"], "error: "],
    [["infer", "--crop", "cover"], "error: --crop cover: expected center, imagenet, fit, fill\n"],
    [
      ["infer", "--compute-units", "gpu"],
      "error: --compute-units gpu: expected all, cpuOnly, cpuAndGPU, cpuAndNeuralEngine\n",
    ],
    [["infer", "--nope"], "error: Unknown option '--nope'"],
    [["describe", "a", "b"], "error: b: describe takes one model\n"],
  ])("%p", async (args, message) => {
    const { code, stdout, stderr } = await bunRun(...args);
    expect(stderr).toStartWith(message);
    expect(stderr).toEndWith(`bun run ${args[0]} --help tells the usage\n`);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("an unknown command", async () => {
    const { code, stderr } = await shell([process.execPath, "src/cli/main.ts", "train"]);
    expect(stderr).toMatch(/^error: no command train; there are infer, describe, [a-z, ]+\n$/);
    expect(code).toBe(2);
  });
});
