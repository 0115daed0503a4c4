import { FormatError } from "../errors.ts";

export interface CompileDiagnostic {
  /** From 1. */
  line: number;
  /** From 1, in bytes. */
  column: number;
  severity: "error" | "warning" | "note";
  message: string;
}

/** The source of a kernel does not compile. */
export class CompileError extends FormatError {
  readonly diagnostics: readonly CompileDiagnostic[];
  /** Place of the first error. */
  readonly line: number;
  readonly column: number;

  constructor(message: string, diagnostics: readonly CompileDiagnostic[]) {
    super(message);
    this.diagnostics = diagnostics;
    const first = diagnostics.find(({ severity }) => severity === "error") ?? diagnostics[0];
    this.line = first?.line ?? 0;
    this.column = first?.column ?? 0;
  }

  /** The error as a CompileError, where its text has places in the source. */
  static from(error: unknown): CompileError | undefined {
    if (!(error instanceof FormatError)) return undefined;
    const found = error.message.matchAll(/program_source:(\d+):(\d+): (?:fatal )?(error|warning|note): (.*)/g);
    const diagnostics = [...found].map(([, line, column, severity, message]) => ({
      line: Number(line),
      column: Number(column),
      severity: severity as CompileDiagnostic["severity"],
      message: message!,
    }));
    return new CompileError(error.message, diagnostics);
  }
}
