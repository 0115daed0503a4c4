import { join } from "node:path";
import { type ServedContender, ServedPeer } from "../served-peer.ts";
import { interleave, type Samples } from "../timing.ts";

export interface ThreadsResult {
  network: string;
  engine: string;
  one: Samples;
  two: Samples;
  speedUp: number;
}

/** One thread against two, each in a process of its own: the pool's size is read once. */
export async function measureThreads(folder: string, network: string, rounds: number): Promise<ThreadsResult[]> {
  const settings = ["tensorlogic", "onnxruntime"].flatMap((engine) => [1, 2].map((threads) => ({ engine, threads })));
  const server = join(import.meta.dir, "../network-server.ts");
  await using stack = new AsyncDisposableStack();
  const contenders: ServedContender[] = [];
  for (const { engine, threads } of settings) {
    const peer = stack.use(
      new ServedPeer(engine, [process.execPath, server, engine, String(threads)], {
        TENSORLOGIC_THREADS: String(threads),
      }),
    );
    const contender = await peer.open(folder, engine === "tensorlogic" ? "f16" : "f32", []);
    if (typeof contender === "string") throw new Error(contender);
    contenders.push(contender);
  }
  const samples = await interleave(contenders, rounds);
  return [0, 2].map((i) => {
    const [one, two] = [samples[i]!, samples[i + 1]!];
    return { network, engine: contenders[i]!.name, one, two, speedUp: one.medianMs / two.medianMs };
  });
}
