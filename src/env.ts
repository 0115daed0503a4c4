/** Every environment variable that the package reads, with its documentation. Nothing else reads `process.env`. */
const registry = {
  TENSORLOGIC_LIB: "Path of the native library, instead of the one beside the package.",
  TENSORLOGIC_TRACE_FFI: "1 prints calls, median and p99 per native function to stderr when the process exits.",
  TENSORLOGIC_THREADS: "Number of threads of the portable engine; default: the cores this process may use.",
  TENSORLOGIC_ISA: "Highest instruction set that the portable engine may use: scalar, avx2, avx512, amx or neon.",
  TENSORLOGIC_CACHE:
    "Folder of what outlives a checkout: the Swift toolchain, compiled Metal shaders; default ~/.cache/tensorlogic.",
  TENSORLOGIC_CLANG:
    "The clang that compiles Metal shaders for the CPU; default: the Swift toolchain's, or one on PATH.",
  TENSORLOGIC_QUIRKS:
    "strides,backings,alias: the portable Core ML behaves like the worst seen in the wild (for tests).",
} as const;

export type EnvironmentVariable = keyof typeof registry;

/** The value of a registered variable; an empty one counts as unset. */
export function readEnvironment(name: EnvironmentVariable): string | undefined {
  return process.env[name] || undefined;
}

/** True when the variable is set to anything but "", "0" or "false". */
export function isEnvironmentSet(name: EnvironmentVariable): boolean {
  const value = readEnvironment(name);
  return value !== undefined && value !== "0" && value !== "false";
}

/** The registry as aligned text, as `--help` prints it. */
export function describeEnvironment(indent = "  "): string {
  const width = Math.max(...Object.keys(registry).map((name) => name.length));
  return Object.entries(registry)
    .map(([name, text]) => `${indent}${name.padEnd(width)}  ${text}`)
    .join("\n");
}

export const environmentVariables = Object.keys(registry) as EnvironmentVariable[];
