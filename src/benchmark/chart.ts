import type { Profile, ProfiledOperation } from "../diagnostics.ts";
import type { DeviceResult } from "./benchmark.ts";

const width = 720;
const labelWidth = 220;
const rowHeight = 44;
const top = 56;

const escape = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** An SVG of each setting's latency: a bar to the median, marks at the minimum and the 95th and 99th percentile. */
export function latencyChart(title: string, results: readonly DeviceResult[]): string {
  const { x, grid, bottom } = axes(Math.max(...results.map(({ p99Ms }) => p99Ms)), results.length, rowHeight);
  const rows = results.map((result, i) => {
    const y = top + i * rowHeight;
    const mark = (ms: number, name: string) =>
      `<line x1="${x(ms)}" y1="${y}" x2="${x(ms)}" y2="${y + 24}" stroke="#222" stroke-width="2"><title>${name} ${number(ms)} ms</title></line>`;
    return [
      `<text x="${labelWidth - 10}" y="${y + 17}" text-anchor="end">${escape(`${result.device} · ${result.computeUnits}`)}</text>`,
      `<rect x="${x(0)}" y="${y}" width="${x(result.p50Ms) - x(0)}" height="24" fill="#4c78a8"><title>median ${number(result.p50Ms)} ms</title></rect>`,
      `<line x1="${x(result.minMs)}" y1="${y + 12}" x2="${x(result.p99Ms)}" y2="${y + 12}" stroke="#222"/>`,
      mark(result.minMs, "minimum"),
      mark(result.p95Ms, "p95"),
      mark(result.p99Ms, "p99"),
    ].join("");
  });
  return svg(title, [...grid, ...rows], bottom, "ms: bar to the median, marks at minimum, p95, p99");
}

const stepHeight = 16;

/** An SVG of a profile: one bar per step in the order of running, coloured by kind. */
export function profileChart(title: string, { operations }: Profile): string {
  const { x, grid, bottom } = axes(
    Math.max(...operations.map(({ medianMs }) => medianMs)),
    operations.length,
    stepHeight,
  );
  const kindOf = ({ type, kernel }: ProfiledOperation) => (kernel.startsWith("depthwise") ? "depthwise" : type);
  const kinds = [...new Set(operations.map(kindOf))];
  const rows = operations.map((step, i) => {
    const { operation, kernel, medianMs } = step;
    const y = top + i * stepHeight;
    const kind = kindOf(step);
    const hue = Math.round((kinds.indexOf(kind) * 360) / kinds.length);
    return [
      `<text x="${labelWidth - 10}" y="${y + 11}" text-anchor="end" font-size="10">${escape(`${operation.slice(0, 28)} · ${kind}`)}</text>`,
      `<rect x="${x(0)}" y="${y}" width="${x(medianMs) - x(0)}" height="${stepHeight - 3}" fill="hsl(${hue}, 50%, 55%)"><title>${escape(kernel)} ${number(medianMs)} ms</title></rect>`,
    ].join("");
  });
  return svg(title, [...grid, ...rows], bottom, "ms per run, median");
}

const number = (value: number) => String(Number(value.toPrecision(4)));

/** A scale of milliseconds for a number of rows, with its grid. */
function axes(longest: number, rowCount: number, height: number) {
  const tick = niceStep(longest / 5);
  const end = Math.ceil(longest / tick) * tick;
  const x = (ms: number) => labelWidth + (ms / end) * (width - labelWidth - 30);
  const bottom = top + rowCount * height;
  const grid = Array.from({ length: Math.round(end / tick) + 1 }, (_, i) => i * tick).map(
    (ms) =>
      `<line x1="${x(ms)}" y1="${top - 8}" x2="${x(ms)}" y2="${bottom}" stroke="#ddd"/><text x="${x(ms)}" y="${bottom + 18}" text-anchor="middle" fill="#555">${number(ms)}</text>`,
  );
  return { x, grid, bottom };
}

function svg(title: string, parts: readonly string[], bottom: number, unit: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom + 44}" viewBox="0 0 ${width} ${bottom + 44}" font-family="system-ui, sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
<text x="10" y="24" font-size="16">${escape(title)}</text>
${parts.join("\n")}
<text x="${width - 30}" y="${bottom + 36}" text-anchor="end" fill="#555">${unit}</text>
</svg>
`;
}

/** 1, 2 or 5 times a power of ten, at least `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= step)!;
}
