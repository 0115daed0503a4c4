/** What all charts share: a frame that is legible on light and on dark pages, scales, numbers. */

export const chartWidth = 720;

/** Told apart by people who see colours differently, and on both backgrounds. */
export const seriesColours = ["#4c8bc4", "#f58518", "#4fa866", "#d65f8a", "#8f7ad1", "#b0862f", "#35a9b5", "#9d755d"];

export const escapeXml = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export const shortNumber = (value: number) => String(Number(value.toPrecision(4)));

export interface Scale {
  at(value: number): number;
  ticks: readonly number[];
}

/** From 0 to at least `largest`, about `tickCount` round steps, laid on pixels `from` to `to`. */
export function linearScale(largest: number, from: number, to: number, tickCount = 5): Scale {
  const step = niceStep(largest / tickCount);
  const count = Math.ceil(largest / step);
  return {
    at: (value) => Number((from + (value / (count * step)) * (to - from)).toFixed(1)),
    ticks: Array.from({ length: count + 1 }, (_, i) => i * step),
  };
}

/** 1, 2 or 5 times a power of ten, at least `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= step)!;
}

/** Classes: `dim` for text of second rank, `grid` and `mark` for lines. */
export function svgDocument(title: string, parts: readonly string[], height: number, caption: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${chartWidth}" height="${height}" viewBox="0 0 ${chartWidth} ${height}" font-family="system-ui, sans-serif" font-size="13">
<style>
.page { fill: #fff } text { fill: #222 } .dim { fill: #595959 } .grid { stroke: #ddd } .mark { stroke: #222 }
@media (prefers-color-scheme: dark) { .page { fill: #14171c } text { fill: #e8e8e8 } .dim { fill: #a8a8a8 } .grid { stroke: #3b4048 } .mark { stroke: #e8e8e8 } }
</style>
<rect class="page" width="100%" height="100%"/>
<text x="10" y="24" font-size="16">${escapeXml(title)}</text>
${parts.join("\n")}
<text class="dim" x="${chartWidth - 30}" y="${height - 8}" text-anchor="end">${escapeXml(caption)}</text>
</svg>
`;
}
