/**
 * Serves networks by bench/peer_server.py's protocol from a Bun process of its own: for comparisons of settings that a process has once, as its threads.
 *
 *   bun bench/network-server.ts tensorlogic|onnxruntime THREADS
 */
import { getPriority } from "node:os";
import { join } from "node:path";
import { openNetwork } from "./network.ts";
import { openOnnx } from "./onnxruntime.ts";
import { type Contender, sampleHere } from "./timing.ts";

const [engine, threads] = [Bun.argv[2]!, Number(Bun.argv[3])];
const networks = new Map<number, Contender & { close(): void | Promise<void> }>();

async function answer(command: { do: string; id: number; model: string }): Promise<object> {
  switch (command.do) {
    case "open": {
      const ours = await openNetwork(command.model);
      if (engine === "tensorlogic") {
        networks.set(command.id, { ...ours, close: () => ours[Symbol.dispose]() });
        return { output: [...ours.outputValues] };
      }
      ours[Symbol.dispose]();
      const onnx = await openOnnx(join(command.model, "model.onnx"), ours.feeds, threads);
      networks.set(command.id, onnx);
      return { output: [...(await onnx.output())] };
    }
    case "sample":
      return { ms: await sampleHere(networks.get(command.id)!) };
    case "close":
      await networks.get(command.id)?.close();
      networks.delete(command.id);
      return {};
    case "cpu": {
      const { user, system } = process.cpuUsage();
      return { ms: (user + system) / 1000, nice: getPriority() };
    }
  }
  throw new Error(`unknown command ${command.do}`);
}

for await (const line of console) {
  let result: object;
  try {
    result = await answer(JSON.parse(line));
  } catch (error) {
    result = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
