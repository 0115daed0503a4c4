import type * as adviceModule from "./advise/advise.ts";
import type { Finding } from "./advise/finding.ts";
import { toComparison, toProfile, type Comparison, type Profile } from "./diagnostics.ts";
import { ArgumentError, UnsupportedError } from "./errors.ts";
import type { FeatureInputs, FeatureOutputs } from "./features.ts";
import { checkCropMode, type CropMode } from "./image/fit.ts";
import {
  compareRequest,
  profileRequest,
  readComputePlan,
  readGraph,
  type PlannedOperation,
} from "./native/diagnostics.ts";
import { describeModel, loadModelHandle } from "./native/model.ts";
import type { OwnedHandle } from "./native/handle.ts";
import { Request } from "./request.ts";
import type { Feature, LoadOptions, ModelDescription } from "./schema.ts";
import { convertInputs, prepareImages, prepareImagesSync, SessionPool, type Session } from "./session.ts";
import { describe } from "./shape.ts";
import { isWeightsFile } from "./native/weights.ts";
import { State } from "./state.ts";
import type { Tensor } from "./tensor.ts";
import { openWeights, type Weights } from "./weights.ts";

/** What is known about a model's file. */
export interface ModelMetadata {
  format: "CoreML" | "SafeTensors" | "GGUF";
  /** `mlprogram`, `neuralnetwork`, `treeensembleclassifier`, `pipeline`, … */
  kind: string;
  /** How the weights are stored: F16, F32, INT8, … */
  quantization: string;
  specificationVersion: number;
  author: string;
  license: string;
  description: string;
  version: string;
  userDefined: Record<string, string>;
}

export interface PredictOptions {
  /** How pictures are brought to the model's size; default `center`. */
  crop?: CropMode;
  /** The state of a stateful model, changed by the prediction. */
  state?: State;
}

/** A loaded model. `dispose` (or `using`) gives its memory back at once. */
export class Model {
  readonly path: string;
  readonly metadata: Readonly<ModelMetadata>;
  readonly inputs: readonly Feature[];
  readonly outputs: readonly Feature[];
  readonly states: readonly Feature[];
  /** What runs the model; `cpu (portable)` for the package's own engine. */
  readonly device: string;
  /** Operation → how often it occurs. */
  readonly operations: Readonly<Record<string, number>>;
  /** The classes of a classifier, in the model's order. */
  readonly classLabels: readonly (string | number)[] | undefined;
  /** The function that runs, and all that the file has. */
  readonly functionName: string | undefined;
  readonly functions: readonly string[];
  readonly predictedFeatureName: string | undefined;
  readonly predictedProbabilitiesName: string | undefined;
  readonly #handle: OwnedHandle;
  readonly #sessions: SessionPool;

  /** @internal Use `loadModel`. */
  constructor(path: string, handle: OwnedHandle, about: ModelDescription) {
    this.path = path;
    this.#handle = handle;
    this.#sessions = new SessionPool(handle);
    const { format, quantization, specificationVersion, author, license, version, userDefined } = about;
    const description = about.shortDescription;
    // As coremltools' `convert_to` spells them: "mlprogram", "neuralnetwork".
    const kind = about.kind.toLowerCase();
    this.metadata = Object.freeze({
      format,
      kind,
      quantization,
      specificationVersion,
      author,
      license,
      description,
      version,
      userDefined,
    });
    this.inputs = Object.freeze(about.inputs);
    this.outputs = Object.freeze(about.outputs);
    this.states = Object.freeze(about.states);
    this.device = about.device;
    this.operations = about.operations;
    this.classLabels = about.classLabels ?? undefined;
    this.functionName = about.functionName ?? undefined;
    this.functions = about.functions ?? [];
    this.predictedFeatureName = about.predictedFeatureName ?? undefined;
    this.predictedProbabilitiesName = about.predictedProbabilitiesName ?? undefined;
  }

  /** Predicts off the JavaScript thread; several predictions may be under way at once. FeatureError when inputs do not fit. */
  async predict<Outputs = FeatureOutputs>(inputs: FeatureInputs, options: PredictOptions = {}): Promise<Outputs> {
    const converted = await prepareImages(convertInputs(this.inputs, inputs, checkCropMode(options.crop ?? "center")));
    const { session, giveBack } = this.#borrow(options.state);
    try {
      session.bind(converted);
      await session.request.runAsync();
      return session.collect() as Outputs;
    } finally {
      giveBack();
    }
  }

  /** Predicts on the JavaScript thread: the least latency. Tensors in native memory are not copied. */
  predictSync<Outputs = FeatureOutputs>(inputs: FeatureInputs, options: PredictOptions = {}): Outputs {
    const converted = prepareImagesSync(convertInputs(this.inputs, inputs, checkCropMode(options.crop ?? "center")));
    const { session, giveBack } = this.#borrow(options.state);
    try {
      session.bind(converted);
      session.request.run();
      return session.collect() as Outputs;
    } finally {
      giveBack();
    }
  }

  /** Predicts each of the inputs; results in the same order. The first error rejects. */
  async predictBatch<Outputs = FeatureOutputs>(
    batch: readonly FeatureInputs[],
    options: Omit<PredictOptions, "state"> = {},
  ): Promise<Outputs[]> {
    if (!Array.isArray(batch)) throw new ArgumentError(`predictBatch takes an array of inputs, got ${describe(batch)}`);
    const results: Outputs[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < batch.length) {
        const index = next++;
        results[index] = await this.predict<Outputs>(batch[index]!, options);
      }
    };
    // Two at a time: one is converted while the other runs; a run itself already uses all cores.
    await Promise.all([work(), work()]);
    return results;
  }

  /** Binds inputs, and tensors that receive outputs, for runs without any further work per call. */
  bind(
    inputs: FeatureInputs,
    outputs: Readonly<Record<string, Tensor>> = {},
    options: { crop?: CropMode } = {},
  ): Request {
    return new Request(this.#handle, this, inputs, outputs, { crop: checkCropMode(options.crop ?? "center") });
  }

  /**
   * Where the time goes: runs the inputs `repeat` times (default 20) and times every operation. Always on the portable engine, also on a
   * Mac, where Core ML has no such thing; on the JavaScript thread. UnsupportedError for model kinds that have no operations.
   *
   * ```ts
   * using model = await loadModel("models/efficientnet_lite0.mlpackage");
   * const { operations } = model.profile({ image: await Image.open("models/photos/cat.png") }, { repeat: 2 });
   * const slowest = operations.toSorted((a, b) => b.medianMs - a.medianMs)[0]!;
   * slowest.type; // "conv"
   * slowest.calls; // 1
   * ```
   */
  profile(inputs: FeatureInputs, options: PredictOptions & { repeat?: number } = {}): Profile {
    return this.#diagnose(inputs, options, (session) =>
      toProfile(profileRequest(session.request, options.repeat ?? 20)),
    );
  }

  /**
   * What f16 costs: runs the inputs in f16 and in f32 side by side, each operation rounded on its own as on the Neural Engine, and compares
   * their results. A model that computes in f32 is run as its conversion to f16 would. Always on the portable engine, on the JavaScript thread.
   *
   * ```ts
   * using model = await loadModel("models/efficientnet_lite0.mlpackage");
   * const { operations } = model.compare({ image: await Image.open("models/photos/cat.png") });
   * operations.filter(({ infinite }) => infinite > 0).length; // 0
   * ```
   */
  compare(inputs: FeatureInputs, options: PredictOptions = {}): Comparison {
    return this.#diagnose(inputs, options, (session) => toComparison(compareRequest(session.request)));
  }

  /**
   * Where Core ML expects to run each operation, and what share of the work it is (its `MLComputePlan`; macOS 14.4). On the portable engine
   * everything runs on the CPU and costs are not known.
   *
   * ```ts
   * using model = await loadModel("test/fixtures/models/linear/model.mlpackage");
   * model.computePlan().map(({ type, supported }) => [type, supported.includes("cpu")]); // [["ios16.linear", true]]
   * ```
   */
  computePlan(): PlannedOperation[] {
    return readComputePlan(this.#handle);
  }

  /**
   * What keeps the model from running well on the Neural Engine, the most severe first. With `inputs` it is also run in f16 and in f32, and
   * the operations that overflow, underflow or drift are named (on the portable engine, see `compare`).
   *
   * ```ts
   * using model = await loadModel("test/fixtures/models/rms_norm_naive/model.mlpackage");
   * model.advise().length; // 0
   * const [finding] = model.advise({ inputs: { x: [[300, -2, 5, 400, -350, 1, 0.5, 60]] } });
   * finding!.rule; // "overflow"
   * finding!.where[0]; // "squared"
   * ```
   */
  advise(options: { inputs?: FeatureInputs; crop?: CropMode } = {}): Finding[] {
    // Loaded on demand: predictions need none of it.
    const { advise } = require("./advise/advise.ts") as typeof adviceModule;
    const operations = readGraph(this.#handle);
    // Trees and pipelines have no operations that could be compared.
    const inputs = operations.length > 0 ? options.inputs : undefined;
    return advise({
      kind: this.metadata.kind,
      specificationVersion: this.metadata.specificationVersion,
      inputs: this.inputs,
      outputs: this.outputs,
      operations,
      ...this.#neuralEnginePlan(),
      ...(inputs ? { comparison: this.#compareFresh(inputs, options.crop) } : {}),
    });
  }

  /** A fresh state for a stateful model. */
  newState(): State {
    if (this.states.length === 0) throw new UnsupportedError(`model ${this.path} has no state`);
    return new State(this.#handle, this.states);
  }

  dispose(): void {
    this.#sessions.release();
    this.#handle.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Model ${this.path} (${this.metadata.format} ${this.metadata.kind})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** What Core ML plans, where it may use the Neural Engine and says so (macOS 14.4). */
  #neuralEnginePlan(): { plan?: PlannedOperation[] } {
    if (!/all|cpuAndNeuralEngine/.test(this.device)) return {};
    try {
      return { plan: this.computePlan() };
    } catch (error) {
      if (error instanceof UnsupportedError) return {};
      throw error;
    }
  }

  /** A comparison that starts from empty states. */
  #compareFresh(inputs: FeatureInputs, crop: CropMode | undefined): Comparison {
    if (this.states.length === 0) return this.compare(inputs, crop ? { crop } : {});
    using state = this.newState();
    return this.compare(inputs, { state, ...(crop ? { crop } : {}) });
  }

  #diagnose<Result>(inputs: FeatureInputs, options: PredictOptions, work: (session: Session) => Result): Result {
    const converted = prepareImagesSync(convertInputs(this.inputs, inputs, checkCropMode(options.crop ?? "center")));
    const { session, giveBack } = this.#borrow(options.state);
    try {
      session.bind(converted);
      return work(session);
    } finally {
      giveBack();
    }
  }

  #borrow(state: State | undefined): { session: Session; giveBack(): void } {
    if (state !== undefined) {
      if (!(state instanceof State))
        throw new ArgumentError(`state is ${describe(state)}, expected what model.newState() returns`);
      void this.#handle.value;
      return state.lend();
    }
    const session = this.#sessions.acquire();
    return { session, giveBack: () => this.#sessions.giveBack(session) };
  }
}

/** Names of files without a program, for types alone: at run time the content decides. */
type WeightsPath = `${string}.safetensors` | `${string}.gguf` | `${string}.safetensors.index.json`;

/**
 * Loads a model, or a file of weights (SafeTensors, also in shards, and GGUF) as `Weights`; its format is found by content, not by name. NotFoundError, FormatError or UnsupportedError name the file and what is wrong.
 *
 * ```ts
 * using model = await loadModel("models/efficientnet_lite0.mlpackage", { computeUnits: "all" });
 * model.metadata.quantization; // "F16"
 * ```
 */
export async function loadModel(path: WeightsPath, options?: LoadOptions): Promise<Weights>;
export async function loadModel(path: string | URL, options?: LoadOptions): Promise<Model>;
export async function loadModel(path: string | URL, options: LoadOptions = {}): Promise<Model | Weights> {
  const file = path instanceof URL ? Bun.fileURLToPath(path) : path;
  if (typeof file !== "string" || file === "")
    throw new ArgumentError(`path is ${describe(path)}, expected the path of a model`);
  // zod takes 24 ms to load (Bun 1.4.5, 2026-11), so only options pay for it. What the library says about a model is the ABI's matter: a
  // test holds it against the schema, for every fixture.
  const hasOptions = options === null || typeof options !== "object" || Object.keys(options).length > 0;
  const checked = hasOptions ? (await import("./schema.ts")).parseLoadOptions(options) : {};
  if (isWeightsFile(file)) return openWeights(file);
  const handle = await loadModelHandle(file, checked);
  return new Model(file, handle, describeModel(handle) as ModelDescription);
}
