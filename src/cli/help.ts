import { describeEnvironment } from "../env.ts";

/** Words of the help texts; README and tests compare with them. */
export const overview = `tensorlogic: run Core ML models from Bun

  bun run infer [MODEL] [[name=]INPUT ...]   run a model and print its outputs
  bun run describe [MODEL]                   print inputs, outputs, metadata and operations
  bun run bench [MODEL] [[name=]INPUT ...]   measure latency, memory and power per device
  bun run advise [MODEL] [[name=]INPUT ...]  say what keeps a model off the Neural Engine, and how to change it
  bun run compile --outfile NAME             make one executable, if asked with a model inside
  bun run tl FILE.tl                         run a script of the TensorLogic language

Each command has --help. Without a MODEL it takes the bundled EfficientNet-Lite0.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 advise has findings.

environment
${describeEnvironment()}
`;

export const inferHelp = `bun run infer [MODEL] [[name=]INPUT ...]

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
`;

export const describeHelp = `bun run describe [MODEL]

Prints what a model takes, what it gives, its metadata, and which operations it consists of. Without a MODEL it
describes the bundled EfficientNet-Lite0. Of a file of weights (SafeTensors, a folder or index of shards, GGUF) it
prints the metadata and the tensors.

options
  --function NAME    the function of a multi-function model
  --json             print one JSON object instead of text
  --help             print this text
`;

export const benchHelp = `bun run bench [MODEL] [[name=]INPUT ...]

Measures a model on each device that this machine has: latency (median, 95th and 99th percentile, minimum), runs per
second, load time, first run, growth of the process's memory, power and inferences per joule. Power comes from RAPL
counters on Linux and from powermetrics on macOS, where they can be read. Without INPUTs the inputs are random.

options
  --repeat N         timed runs per device (default 200, at most 10 seconds; with --per-op 50)
  --per-op           instead: where the time goes, operation by operation, on the portable engine, each with what it
                     reaches of the machine's own measured peak
  --top N            operations to print with --per-op, slowest first (default 30)
  --svg FILE         also draw the latencies, or the operations
  --json             print one JSON object instead of text
  --help             print this text

For engineers of this package: bun run bench ffi | peers (bench/README.md).
`;

export const adviseHelp = `bun run advise [MODEL] [[name=]INPUT ...]

Says what keeps a model from running well on the Neural Engine: f32 operations, the old format, batches, flexible
shapes, operations that do not run there, large lookups, padding. Each finding has a severity, the operations that it is
about, the reason, the line of coremltools or PyTorch that changes it, and where the limit is known from.

With INPUTs or --random the model is also run in f16 beside f32, operation by operation, and the first operation that
overflows, underflows or drifts is named with its range. A model in f32 is run as its conversion to f16 would.
On a Mac the device that Core ML plans for each operation is added.

severities
  critical           the whole model stays off the Neural Engine, or its results are wrong in f16
  warning            a part of it does, or is slow there
  note               worth knowing

options
  --random           run it on noise
  --fail-on LEVEL    exit with 3 from this severity on: note, warning, critical or never (default warning)
  --function NAME    the function of a multi-function model
  --json             print one JSON object instead of text
  --help             print this text

Exit codes: 0 no findings from that severity on, 1 failed, 2 wrong usage, 3 findings.
`;

export const compileHelp = `bun run compile --outfile NAME [--model MODEL]

Makes one executable that needs neither Bun nor Swift nor this repository. With --model the model is inside:
  NAME INPUT ...             does what bun run infer MODEL INPUT ... does
  NAME describe              describes the model
Without it:
  NAME infer MODEL INPUT ... and NAME describe MODEL

Core ML takes models as files, so one that is inside is unpacked once, into the user's cache folder (by content, shared
by all starts; what no start has used for 30 days is removed). The native library is extracted to $TMPDIR, once too.

options
  --outfile NAME     the executable to write
  --model MODEL      a .mlpackage, .mlmodelc, .mlmodel or other model to put inside
  --help             print this text
`;

export const tlHelp = `bun run tl FILE.tl

Runs a script of the TensorLogic language: statements, one a line; // begins a comment.

  model = load_model("model.mlpackage")      also .mlmodelc, .mlmodel, .safetensors, .gguf; let is optional
  print("Model format:", model.metadata.format)
  w = model.get_tensor("layer.0.weight")     an f16 tensor of a SafeTensors or GGUF file
  save_model(model, "out.safetensors")
  y = predict(model, x)                      also model.predict(name: value); pictures by their path
  t = tensor<float16>([[1.0, 2.0], [3.0, 4.0]], device: gpu)
  a @ b, a + b, a - b, a * b, a / b, -a      in f16; @ multiplies matrices, the others broadcast
  t.shape                                    a list of integers
  fn forward(x: float16[N, D], w: float16[D, M]) -> float16[N, M] {
    return x @ w                             named dimensions have to agree
  }

Paths are relative to the script. Errors name line and column. Exit codes: 0 done, 1 failed, 2 wrong usage.

options
  --help             print this text
`;
