import { chartWidth, escapeXml, linearScale, type Scale, seriesColours, svgDocument } from "../src/benchmark/svg.ts";
import type { PeerResult } from "./peers.ts";
import { shortName } from "./report/markdown.ts";
import { type Growth, maxRise } from "./scaling/growth.ts";

const left = 60;
const right = chartWidth - 30;
const axisWords = { batch: "pictures in a batch", side: "picture side, pixels", sequence: "tokens" };

/** Time per unit of work over size, one line per network and engine; 1 is the network's smallest size with tensorlogic. */
export function scalingChart(axis: Growth["axis"], growths: readonly Growth[]): string {
  const lines = growths.flatMap(({ network, points }, i) => {
    const unit = points[0]!.ours.medianMs / points[0]!.gflop;
    const colour = seriesColours[i % seriesColours.length]!;
    const line = (engine: "ours" | "onnxruntime") => ({
      name: `${shortName(network)}, ${engine === "ours" ? "tensorlogic" : "ONNX Runtime"}`,
      colour,
      dash: engine === "ours" ? "" : "5 4",
      values: points.flatMap((point) => {
        const samples = point[engine];
        return samples ? [{ size: point.size, cost: samples.medianMs / point.gflop / unit }] : [];
      }),
    });
    return [line("ours"), line("onnxruntime")].filter(({ values }) => values.length > 0);
  });
  const top = 48 + Math.ceil(lines.length / 2) * 20 + 10;
  const bottom = top + 240;
  const sizes = [...new Set(lines.flatMap(({ values }) => values.map(({ size }) => size)))].toSorted((a, b) => a - b);
  const [least, most] = [Math.log2(sizes[0]!), Math.log2(sizes.at(-1)!)];
  const x = (size: number) =>
    Number((left + ((Math.log2(size) - least) / Math.max(most - least, 1)) * (right - left)).toFixed(1));
  const y = linearScale(
    Math.max(1 + maxRise, ...lines.flatMap(({ values }) => values.map(({ cost }) => cost))),
    bottom,
    top,
  );
  const legend = lines.map(({ name, colour, dash }, i) => {
    const [at, line] = [left + (i % 2) * 320, 48 + Math.floor(i / 2) * 20];
    return `<line x1="${at}" y1="${line}" x2="${at + 26}" y2="${line}" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/><text x="${at + 34}" y="${line + 4}">${escapeXml(name)}</text>`;
  });
  const limit = `<line class="mark" x1="${left}" y1="${y.at(1 + maxRise)}" x2="${right}" y2="${y.at(1 + maxRise)}" stroke-dasharray="1 4"/>`;
  return svgDocument(
    `Time per unit of work as the ${axis} grows`,
    [
      ...rows(y, left, right),
      ...sizes.map((size) => `<text class="dim" x="${x(size)}" y="${bottom + 20}" text-anchor="middle">${size}</text>`),
      limit,
      ...legend,
      ...lines.map(({ colour, dash, values }) => {
        const at = values.map(({ size, cost }) => [x(size), y.at(cost)] as const);
        const dots = at.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`).join("");
        return `<polyline points="${at.map((pair) => pair.join()).join(" ")}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>${dots}`;
      }),
    ],
    bottom + 48,
    `${axisWords[axis]}; time per GFLOP, 1 = tensorlogic at the smallest size, dotted: 15 % more`,
  );
}

/** Horizontal grid lines with their values. */
const rows = ({ at, ticks }: Scale, from: number, to: number) =>
  ticks.map(
    (value) =>
      `<line class="grid" x1="${from}" y1="${at(value)}" x2="${to}" y2="${at(value)}"/><text class="dim" x="${from - 8}" y="${at(value) + 4}" text-anchor="end">${Number(value.toPrecision(3))}</text>`,
  );

const barHeight = 15;

/** Per network one bar per engine: its median over ONNX Runtime's. */
export function peersChart(title: string, networks: Readonly<Record<string, readonly PeerResult[]>>): string {
  const engines = [...new Set(Object.values(networks).flatMap((results) => results.map(({ engine }) => engine)))];
  const labelWidth = 150;
  const groups = Object.entries(networks).flatMap(([network, results]) => {
    const reference = results.find(({ engine }) => engine.startsWith("onnxruntime"))?.medianMs;
    const bars = results.flatMap(({ engine, medianMs }) =>
      medianMs && reference ? [{ engine, medianMs, ratio: medianMs / reference }] : [],
    );
    return bars.length > 0 ? [{ network, bars }] : [];
  });
  const shown = engines.filter((engine) => groups.some(({ bars }) => bars.some((bar) => bar.engine === engine)));
  const colour = (engine: string) => seriesColours[engines.indexOf(engine) % seriesColours.length]!;
  const top = 50 + Math.ceil(shown.length / 4) * 20;
  // A peer that is far behind must not squeeze the others: its bar is cut, its number is not.
  const longest = Math.min(3, Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio))));
  const x = linearScale(longest, labelWidth, right - 85);
  const legend = shown.map((engine, i) => {
    const [at, line] = [10 + (i % 4) * 175, 40 + Math.floor(i / 4) * 20];
    return `<rect x="${at}" y="${line}" width="12" height="12" fill="${colour(engine)}"/><text x="${at + 18}" y="${line + 11}">${escapeXml(engine)}</text>`;
  });
  let y = top;
  const parts = groups.flatMap(({ network, bars }) => {
    const label = `<text x="${labelWidth - 10}" y="${y + (bars.length * barHeight) / 2 + 4}" text-anchor="end">${escapeXml(network)}</text>`;
    const drawn = bars.map(({ engine, medianMs, ratio }) => {
      const end = x.at(Math.min(ratio, x.ticks.at(-1)!));
      const text = `${ratio.toFixed(2)} · ${medianMs >= 100 ? medianMs.toFixed(0) : medianMs.toPrecision(3)} ms`;
      const bar = [
        `<rect x="${labelWidth}" y="${y}" width="${(end - labelWidth).toFixed(1)}" height="${barHeight - 2}" fill="${colour(engine)}"/>`,
        // Behind the text, so that no grid line goes through it.
        `<rect class="page" x="${end + 2}" y="${y}" width="${text.length * 6.3 + 4}" height="${barHeight - 2}"/>`,
        `<text x="${end + 5}" y="${y + 11}" font-size="11">${text}</text>`,
      ].join("");
      y += barHeight;
      return bar;
    });
    y += 12;
    return [label, ...drawn];
  });
  const grid = x.ticks.map(
    (value) =>
      `<line class="${value === 1 ? "mark" : "grid"}" x1="${x.at(value)}" y1="${top - 6}" x2="${x.at(value)}" y2="${y}"/><text class="dim" x="${x.at(value)}" y="${y + 16}" text-anchor="middle">${Number(value.toPrecision(3))}</text>`,
  );
  return svgDocument(
    title,
    [...legend, ...grid, ...parts],
    y + 44,
    "median time over ONNX Runtime's; shorter is faster",
  );
}
