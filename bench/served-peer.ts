import { mkdtempSync, rmSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import type { Feed } from "./network.ts";
import type { Contender } from "./timing.ts";

export type ServedContender = Contender & { readonly outputValues: Float32Array; close(): Promise<void> };

/** A process that serves an engine's networks by bench/peer_server.py's protocol. */
export class ServedPeer {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;
  readonly #folder = mkdtempSync(join(tmpdir(), "tensorlogic-bench-"));
  #opened = 0;

  constructor(
    readonly name: string,
    command: string[],
    env: Record<string, string> = {},
  ) {
    this.#child = Bun.spawn(command, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    this.#lines = lines(this.#child.stdout);
  }

  async #ask(command: object): Promise<Record<string, unknown>> {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    await this.#child.stdin.flush();
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name}: its process ended (exit code ${await this.#child.exited})`);
    const answer = JSON.parse(value) as Record<string, unknown>;
    if ("error" in answer) throw new Error(`${this.name}: ${String(answer.error)}`);
    return answer;
  }

  async cpuMs(): Promise<number> {
    return (await this.#ask({ do: "cpu" })).ms as number;
  }

  /** Why its times cannot be compared with this process's, if they cannot: something gave it another priority. */
  async handicap(): Promise<string | undefined> {
    const { nice } = await this.#ask({ do: "cpu" });
    return nice === getPriority() ? undefined : `ran at nice ${nice}, ours at ${getPriority()}: not comparable`;
  }

  /** A network, ready to run; or the reason why this machine cannot run it in that precision. */
  async open(model: string, precision: string, feeds: readonly Feed[]): Promise<ServedContender | string> {
    const id = this.#opened++;
    const files = await Promise.all(
      feeds.map(async ({ name, shape, data }, i) => {
        const file = join(this.#folder, `${id}-${i}`);
        await Bun.write(file, data);
        return { name, shape, file, dtype: data instanceof Int32Array ? "int32" : "float32" };
      }),
    );
    const answer = await this.#ask({ do: "open", id, model, precision, feeds: files });
    if ("unavailable" in answer) return String(answer.unavailable);
    const sample = async () => (await this.#ask({ do: "sample", id })).ms as number;
    return {
      name: `${this.name} ${precision}`,
      run: sample,
      sample,
      process: this,
      outputValues: Float32Array.from(answer.output as number[]),
      close: async () => void (await this.#ask({ do: "close", id })),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#child.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}
