import { existsSync } from "node:fs";
import { join } from "node:path";

const program = join(import.meta.dir, "../../swift/.build/release/mil-dump");

export interface Feature {
  name: string;
  kind: string;
  optional: boolean;
}
export interface Value {
  type: string;
  /** Bytes as hexadecimal digits, strings as such, elements and entries as values. */
  value: unknown;
}
export interface Operation {
  type: string;
  inputs: Record<string, (string | Value)[]>;
  outputs: string[];
  attributes: Record<string, Value>;
  blocks: Block[];
}
export interface Block {
  inputs: string[];
  outputs: string[];
  operations: Operation[];
}
export interface Dump {
  path: string;
  error?: { code: string; message: string };
  format?: string;
  kind: string;
  specificationVersion: number;
  defaultFunction: string;
  functions: { name: string; inputs: Feature[]; outputs: Feature[]; states: Feature[] }[];
  metadata: { shortDescription: string; author: string; userDefined: Record<string, string> };
  quantization: string;
  operations: Record<string, number>;
  modelNames?: string[];
  models?: Dump[];
  program: Record<string, { opset: string; inputs: string[]; block: Block }>;
}

function run(args: string[]): string[] {
  if (!existsSync(program)) throw new Error(`${program} is not there; build it with: bun run build`);
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync([program, ...args]);
  if (exitCode !== 0)
    throw new Error(`mil-dump ${args.join(" ")}: exit code ${exitCode}, ${signalCode}: ${stderr.toString()}`);
  return stdout.toString().trim().split("\n");
}

export function dumpAll(paths: string[]): Dump[] {
  return run(["--graph", ...paths]).map((line) => JSON.parse(line) as Dump);
}

export function dump(path: string): Dump {
  return dumpAll([path])[0]!;
}

/** The model at `path`, which must be readable. */
export function read(path: string): Dump {
  const result = dump(path);
  if (result.error) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result;
}

/** `code: message` of the error that reading `path` must give. */
export function refusal(path: string): string {
  const { error, kind } = dump(path);
  if (!error) throw new Error(`${path} was read as ${kind}, expected an error`);
  return `${error.code}: ${error.message}`;
}

/** Reads a file cut at every length and with every byte changed in twelve ways; how many of those copies were answered. */
export function damage(path: string): number {
  const { accepted, refused } = JSON.parse(run(["--mutate", path])[0]!) as { accepted: number; refused: number };
  return accepted + refused;
}
