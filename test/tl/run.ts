import { runScript } from "../../src/tl/interpreter.ts";
import type { ScriptError } from "../../src/tl/source.ts";

export interface ScriptResult {
  printed: string;
  /** The message of the error that ended the script. */
  error: string | undefined;
}

/** Runs a script's text in this process. */
export async function runText(text: string, folder = "."): Promise<ScriptResult> {
  let printed = "";
  try {
    await runScript({ name: "test.tl", text }, { folder, print: (part) => void (printed += part) });
    return { printed, error: undefined };
  } catch (error) {
    return { printed, error: (error as ScriptError).message };
  }
}

/** What a script prints; an error fails the test. */
export async function output(text: string, folder?: string): Promise<string> {
  const { printed, error } = await runText(text, folder);
  if (error !== undefined) throw new Error(error);
  return printed;
}

/** The error of a script that has to fail. */
export async function failure(text: string, folder?: string): Promise<string> {
  const { error } = await runText(text, folder);
  if (error === undefined) throw new Error(`the script ran to its end:\n${text}`);
  return error;
}
