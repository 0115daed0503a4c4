import type { Finding } from "./finding.ts";
import { countOf, namesOf, type Operation, type Subject } from "./graph.ts";
import { sources } from "./sources.ts";

/** Tables from here on are worth to be kept out of the model. */
const largeTable = 1 << 20;

function tableSize(operation: Operation): number {
  const table = operation.input("x");
  return table?.name === undefined ? (countOf(table?.shape) ?? 0) : 0;
}

/** Lookups at computed places: embeddings above all. */
export function adviseGathers({ graph }: Subject): Finding[] {
  const gathers = graph.operations.filter(({ type }) => type.startsWith("gather"));
  if (gathers.length === 0) return [];
  const large = gathers.filter((operation) => tableSize(operation) >= largeTable);
  if (large.length > 0) {
    const shapes = large.map((operation) => `[${operation.input("x")?.shape?.join(", ")}]`);
    const width = large[0]!.input("x")?.shape?.at(-1) ?? "dim";
    return [
      {
        rule: "large-gather",
        severity: "warning",
        title: `Lookups in large tables: ${shapes.join(", ")}.`,
        where: namesOf(large),
        why: "Gathers run outside of the Neural Engine, and the table is loaded with the model though a run reads a few rows of it.",
        fix: `ct.TensorType(name="embeddings", shape=(1, ${width}, 1, length), dtype=np.float16)  # look the rows up in your program`,
        source: sources.unsupportedLayers,
      },
    ];
  }
  return [
    {
      rule: "gather",
      severity: "note",
      title: `Lookups at computed places: ${namesOf(gathers).length}.`,
      where: namesOf(gathers),
      why: "Gathers were seen to run outside of the Neural Engine.",
      fix: "# slices at fixed places (slice_by_index) where the places are known at conversion",
      source: sources.unsupportedLayers,
    },
  ];
}
