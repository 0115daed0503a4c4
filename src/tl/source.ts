import { TensorLogicError } from "../errors.ts";

/** The text of a `.tl` file, with its name for messages. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** A range of the text, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** An error in a script: `guide.tl:3:9: what is wrong`, the line, and carets under the place. */
export class ScriptError extends TensorLogicError {
  readonly line: number;
  readonly column: number;

  constructor(source: Source, span: Span, message: string, options?: ErrorOptions) {
    const { line, column, text } = placeOf(source.text, span.start);
    super("SCRIPT", `${source.name}:${line}:${column}: ${message}\n${excerpt(line, column, text, span)}`, options);
    this.line = line;
    this.column = column;
  }
}

/** Of longer lines only the surroundings of the place are shown. */
const shownColumns = 100;

/** The line with carets under the place. */
function excerpt(line: number, column: number, text: string, span: Span): string {
  const from = text.length > shownColumns ? Math.max(column - 1 - shownColumns / 2, 0) : 0;
  const shown = text.slice(from, from + shownColumns);
  const gutter = `  ${line} | `;
  // Tabs stay, so that the carets stand under the same columns.
  const indent = text.slice(from, column - 1).replaceAll(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(Math.min(span.end - span.start, shown.length - indent.length), 1));
  return `${gutter}${shown}\n${" ".repeat(gutter.length - 2)}| ${indent}${carets}`;
}

/** Line and column (from 1) of an offset, and the line's text. */
export function placeOf(text: string, offset: number): { line: number; column: number; text: string } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  const end = text.indexOf("\n", offset);
  return {
    line: before.split("\n").length,
    column: offset - start + 1,
    text: text.slice(start, end < 0 ? undefined : end).replace(/\r$/, ""),
  };
}
