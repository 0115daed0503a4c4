import { ScriptError, type Source, type Span } from "./source.ts";

export type TokenKind = "name" | "number" | "string" | "symbol" | "newline" | "end";

export interface Token extends Span {
  readonly kind: TokenKind;
  /** As written; of strings their value. */
  readonly text: string;
}

const patterns: readonly [kind: TokenKind | "skip", pattern: RegExp][] = [
  ["skip", /[ \t\r]+|\/\/[^\n]*/y],
  ["newline", /\n/y],
  ["name", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["number", /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["string", /"(?:[^"\\\n]|\\.)*"/y],
  ["symbol", /->|[-+*/@=()[\]{}<>,:.]/y],
];

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\" };

/** Splits a script into tokens. A newline inside parentheses or brackets ends no statement, so it is left out there. */
export function tokenize(source: Source): Token[] {
  const tokens: Token[] = [];
  const { text } = source;
  let position = 0;
  let depth = 0;
  while (position < text.length) {
    const { kind, end } = matchAt(source, position);
    const span = { start: position, end };
    const raw = text.slice(position, end);
    if (kind === "symbol" && "([".includes(raw)) depth++;
    if (kind === "symbol" && ")]".includes(raw)) depth = Math.max(depth - 1, 0);
    if (kind === "number" && /^[\p{L}_]/u.test(text.slice(end)))
      throw new ScriptError(source, { start: position, end: end + 1 }, `a name cannot begin with a digit`);
    if (kind !== "skip" && !(kind === "newline" && depth > 0))
      tokens.push({ kind, text: kind === "string" ? unescape(source, span, raw) : raw, ...span });
    position = end;
  }
  tokens.push({ kind: "end", text: "", start: text.length, end: text.length });
  return tokens;
}

function matchAt(source: Source, position: number): { kind: TokenKind | "skip"; end: number } {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = position;
    if (pattern.test(source.text)) return { kind, end: pattern.lastIndex };
  }
  const character = String.fromCodePoint(source.text.codePointAt(position)!);
  const lineEnd = source.text.indexOf("\n", position);
  if (character === '"') {
    const end = lineEnd < 0 ? source.text.length : lineEnd;
    throw new ScriptError(source, { start: position, end }, 'the text does not end: expected " on this line');
  }
  const hint =
    character === ";" ? "; statements end with their line" : character === "#" ? "; comments begin with //" : "";
  throw new ScriptError(
    source,
    { start: position, end: position + character.length },
    `unexpected ${character}${hint}`,
  );
}

function unescape(source: Source, span: Span, raw: string): string {
  return raw.slice(1, -1).replaceAll(/\\(.)/g, (whole, character: string, offset: number) => {
    const value = escapes[character];
    if (value !== undefined) return value;
    const start = span.start + 1 + offset;
    throw new ScriptError(
      source,
      { start, end: start + 2 },
      `unknown escape ${whole}, expected \\n, \\t, \\r, \\" or \\\\`,
    );
  });
}
