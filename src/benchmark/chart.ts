import type { Profile, ProfiledOperation } from "../diagnostics.ts";
import type { DeviceResult } from "./benchmark.ts";
import { chartWidth, escapeXml, linearScale, seriesColours, shortNumber, svgDocument } from "./svg.ts";

const labelWidth = 220;
const rowHeight = 44;
const top = 56;

/** An SVG of each setting's latency: a bar to the median, marks at the minimum and the 95th and 99th percentile. */
export function latencyChart(title: string, results: readonly DeviceResult[]): string {
  const { x, grid, bottom } = axes(Math.max(...results.map(({ p99Ms }) => p99Ms)), results.length, rowHeight);
  const rows = results.map((result, i) => {
    const y = top + i * rowHeight;
    const mark = (ms: number, name: string) =>
      `<line class="mark" x1="${x(ms)}" y1="${y}" x2="${x(ms)}" y2="${y + 24}" stroke-width="2"><title>${name} ${shortNumber(ms)} ms</title></line>`;
    return [
      `<text x="${labelWidth - 10}" y="${y + 17}" text-anchor="end">${escapeXml(`${result.device} · ${result.computeUnits}`)}</text>`,
      `<rect x="${x(0)}" y="${y}" width="${x(result.p50Ms) - x(0)}" height="24" fill="#4c8bc4"><title>median ${shortNumber(result.p50Ms)} ms</title></rect>`,
      `<line class="mark" x1="${x(result.minMs)}" y1="${y + 12}" x2="${x(result.p99Ms)}" y2="${y + 12}"/>`,
      mark(result.minMs, "minimum"),
      mark(result.p95Ms, "p95"),
      mark(result.p99Ms, "p99"),
    ].join("");
  });
  return svgDocument(title, [...grid, ...rows], bottom + 44, "ms: bar to the median, marks at minimum, p95, p99");
}

const stepHeight = 16;

/** An SVG of a profile: one bar per step in the order of running, coloured by kind. */
export function profileChart(title: string, { operations }: Profile): string {
  const { x, grid, bottom } = axes(
    Math.max(...operations.map(({ medianMs }) => medianMs)),
    operations.length,
    stepHeight,
  );
  const kindOf = ({ type, kernel }: ProfiledOperation) => {
    const [first = ""] = kernel.split(" ");
    if (type !== "conv" || first === "") return type;
    return first === "depthwise" ? first : `conv ${first}`;
  };
  const kinds = [...new Set(operations.map(kindOf))];
  const rows = operations.map((step, i) => {
    const { operation, kernel, medianMs } = step;
    const y = top + i * stepHeight;
    const kind = kindOf(step);
    const colour = seriesColours[kinds.indexOf(kind) % seriesColours.length]!;
    return [
      `<text x="${labelWidth - 10}" y="${y + 11}" text-anchor="end" font-size="10">${escapeXml(`${operation.slice(0, 28)} · ${kind}`)}</text>`,
      `<rect x="${x(0)}" y="${y}" width="${x(medianMs) - x(0)}" height="${stepHeight - 3}" fill="${colour}"><title>${escapeXml(kernel)} ${shortNumber(medianMs)} ms</title></rect>`,
    ].join("");
  });
  return svgDocument(title, [...grid, ...rows], bottom + 44, "ms per run, median");
}

/** A scale of milliseconds for a number of rows, with its grid. */
function axes(longest: number, rowCount: number, height: number) {
  const { at: x, ticks } = linearScale(longest, labelWidth, chartWidth - 30);
  const bottom = top + rowCount * height;
  const grid = ticks.map(
    (ms) =>
      `<line class="grid" x1="${x(ms)}" y1="${top - 8}" x2="${x(ms)}" y2="${bottom}"/><text class="dim" x="${x(ms)}" y="${bottom + 18}" text-anchor="middle">${shortNumber(ms)}</text>`,
  );
  return { x, grid, bottom };
}
