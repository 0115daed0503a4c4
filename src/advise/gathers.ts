import type { Finding } from "./finding.ts";
import { countOf, type Graph, namesOf, type Operation, type Subject } from "./graph.ts";
import { sources } from "./sources.ts";

/** Tables from here on are worth to be kept out of the model. */
const largeTable = 1 << 20;

/** Sizes of the constant that a gather reads from, also where it is stored compressed; undefined where the table is computed. */
function tableShape(operation: Operation, graph: Graph): readonly (number | null)[] | undefined {
  const x = operation.input("x");
  if (x?.name === undefined) return x?.shape;
  return graph.operations.find(({ name, isConstant }) => isConstant && name === x.name)?.shape;
}

/** Lookups at computed places: embeddings above all. */
export function adviseGathers({ graph }: Subject): Finding[] {
  const gathers = graph.operations.filter(({ type }) => type.startsWith("gather"));
  if (gathers.length === 0) return [];
  const large = gathers.filter((operation) => (countOf(tableShape(operation, graph) ?? [0]) ?? 0) >= largeTable);
  if (large.length > 0) {
    const shapes = large.map((operation) => `[${tableShape(operation, graph)?.join(", ")}]`);
    const width = tableShape(large[0]!, graph)?.at(-1) ?? "dim";
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
