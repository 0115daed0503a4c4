import { fstatSync } from "node:fs";

// Not process.stdout.isTTY, and Bun.write in the commands: process.stdout takes 10 to 20 ms to come up (Bun 1.4.5). enableANSIColors knows
// NO_COLOR, but is also true when only stderr is a terminal.
const isColoured = Bun.enableANSIColors && fstatSync(1).isCharacterDevice();

const paint = (code: number) => (text: string) => (isColoured ? `\u001b[${code}m${text}\u001b[0m` : text);

export const dim = paint(2);
export const bold = paint(1);
export const green = paint(32);
export const yellow = paint(33);
export const red = paint(31);

/** A bar of `width` cells that is filled to `fraction`, in eighths of a cell. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(fraction, 0), 1) * width * 8);
  const full = "█".repeat(Math.floor(eighths / 8));
  return (full + (eighths % 8 > 0 ? " ▏▎▍▌▋▊▉"[eighths % 8]! : "")).padEnd(width);
}

/** A number with four significant digits, without an exponent where one can do without. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "inf").replace("NaN", "nan");
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(3);
}

export function formatMs(ms: number): string {
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms >= 0.1 ? ms.toFixed(2) : ms.toFixed(4)} ms`;
}

/** A size in decimal units, as files are listed. */
export function formatBytes(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 4);
  const value = bytes / 1000 ** unit;
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${["B", "kB", "MB", "GB", "TB"][unit]}`;
}

/** Left-aligned columns, two spaces between them; cells of the last column are not padded. */
export function columns(rows: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  const format = (row: readonly string[]) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join("  ");
  return rows.map((row) => `${indent}${format(row).trimEnd()}\n`).join("");
}
