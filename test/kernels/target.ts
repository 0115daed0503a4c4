/** What the kernels' test program is built for, and what runs it. */
export interface Target {
  /** Of its build folder. */
  name: string;
  compileFlags: string[];
  /** In front of and behind the objects. */
  link: { before: string[]; after: string[] };
  /** The command that runs a program of the target; empty: it runs as it is. */
  runner: string[];
}

export const hostTarget: Target = {
  name: "host",
  compileFlags: [],
  link: { before: [], after: ["-lm", "-lpthread"] },
  runner: [],
};
