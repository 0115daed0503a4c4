import type { MetadataValue, Weights } from "../index.ts";
import { formatShape } from "../shape.ts";
import { bold, columns, formatBytes } from "./style.ts";

/** A file of weights as `describe --json` prints it; integers beyond 2^53 as digits. */
export function weightsToJson(weights: Weights, name: string): unknown {
  return { model: name, metadata: toJsonValue(weights.metadata), tensors: weights.tensors };
}

function toJsonValue(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) =>
      typeof item === "bigint" ? (Number.isSafeInteger(Number(item)) ? Number(item) : String(item)) : item,
    ),
  );
}

/** The same as text. */
export function weightsToText(weights: Weights, name: string): string {
  const { metadata, tensors } = weights;
  const version = metadata.format === "GGUF" ? `version ${metadata.specificationVersion}, ` : "";
  const bytes = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const about = [
    ["model", name],
    ["format", `${metadata.format} (${version}${tensors.length} tensors, ${formatBytes(bytes)})`],
    ["quantization", metadata.quantization],
    ["types", formatTypes(weights)],
  ];
  const entries = Object.entries(metadata.userDefined).map(([key, value]) => [key, formatValue(value)]);
  const rows = tensors.map(({ name, dtype, shape, byteLength }) => [
    name,
    dtype,
    formatShape(shape),
    formatBytes(byteLength),
  ]);
  const sections = [
    columns(about),
    entries.length > 0 ? `${bold("metadata")}\n${columns(entries, "  ")}` : "",
    rows.length > 0 ? `${bold("tensors")}\n${columns(rows, "  ")}` : "",
  ];
  return sections.filter(Boolean).join("\n");
}

const maxTypes = 6;

/** What the tensors are stored in, most bytes first. */
function formatTypes({ tensors }: Weights): string {
  const types = new Map<string, { count: number; bytes: number }>();
  for (const { dtype, byteLength } of tensors) {
    const type = types.get(dtype) ?? { count: 0, bytes: 0 };
    types.set(dtype, { count: type.count + 1, bytes: type.bytes + byteLength });
  }
  const sorted = [...types].sort(([, a], [, b]) => b.bytes - a.bytes);
  const shown = sorted
    .slice(0, maxTypes)
    .map(([dtype, { count, bytes }]) => `${dtype} ${count}× (${formatBytes(bytes)})`)
    .join(", ");
  return sorted.length > maxTypes ? `${shown}, … ${sorted.length} types` : shown;
}

/** One line: long texts and arrays are cut. */
function formatValue(value: MetadataValue): string {
  if (typeof value !== "object") return cut(String(value));
  const shown = value.slice(0, 6).map((item) => (typeof item === "string" ? JSON.stringify(item) : formatValue(item)));
  return cut(`[${shown.join(", ")}${value.length > 6 ? `, … ${value.length} values` : ""}]`);
}

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 90 ? `${line.slice(0, 87)}…` : line;
}
