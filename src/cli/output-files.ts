import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeNpy, Image, Tensor, type FeatureOutput, type FeatureOutputs } from "../index.ts";

/** Writes each output as a file of its own into `folder` and returns the paths. */
export async function writeOutputs(outputs: FeatureOutputs, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    Object.entries(outputs).map(async ([name, value]) => {
      const { suffix, bytes } = await encodeOutput(value);
      // Feature names are text from a file: none may lead out of the folder.
      const path = join(folder, `${name.replace(/[^\w.-]+|^\.+/g, "_")}${suffix}`);
      await writeFile(path, bytes);
      return path;
    }),
  );
}

async function encodeOutput(value: FeatureOutput): Promise<{ suffix: string; bytes: Uint8Array | string }> {
  if (value instanceof Tensor) return { suffix: ".npy", bytes: encodeNpy(value) };
  if (value instanceof Image) return { suffix: ".png", bytes: await value.encode("png") };
  const json = value instanceof Map ? Object.fromEntries(value) : typeof value === "bigint" ? value.toString() : value;
  return { suffix: ".json", bytes: `${JSON.stringify(json, null, 1)}\n` };
}
