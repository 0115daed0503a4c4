import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Where this machine gets its packages from, in its own words. */
export interface Mirror {
  uri: string;
  suites: string[];
  components: string[];
  /** What stands in the brackets of a one-line source, for instance `signed-by=/usr/share/keyrings/…`. */
  options: string[];
}

const optionNames: Record<string, string> = { "signed-by": "signed-by", trusted: "trusted" };

/** Reads the one-line format: `deb [signed-by=…] URI suite component…`. */
export function parseOneLineSources(text: string): Mirror[] {
  const mirrors: Mirror[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) continue;
    const [, brackets = "", uri = "", suite = "", components = ""] = match;
    const options = brackets.split(/\s+/).filter((option) => (option.split("=")[0] ?? "").toLowerCase() in optionNames);
    mirrors.push({ uri, suites: [suite], components: components.split(/\s+/).filter(Boolean), options });
  }
  return mirrors;
}

/** Reads the deb822 format (`*.sources`): stanzas of `Types:`, `URIs:`, `Suites:`, …. */
export function parseDeb822Sources(text: string): Mirror[] {
  const mirrors: Mirror[] = [];
  const withoutComments = text.replace(/^#.*\n?/gm, "");
  for (const stanza of withoutComments.split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    for (const match of stanza.matchAll(/^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm)) {
      fields.set((match[1] ?? "").toLowerCase(), match[2] ?? "");
    }
    const words = (name: string) => (fields.get(name) ?? "").split(/\s+/).filter(Boolean);
    if (!words("types").includes("deb") || words("enabled")[0]?.toLowerCase() === "no") continue;
    const signedBy = fields.get("signed-by")?.trim() ?? "";
    // An inline key block cannot go into the one-line format; apt's own trusted keys then decide.
    const options = signedBy !== "" && !signedBy.includes("\n") ? [`signed-by=${signedBy.replace(/\s+/g, ",")}`] : [];
    if (words("trusted")[0]?.toLowerCase() === "yes") options.push("trusted=yes");
    for (const uri of words("uris")) {
      mirrors.push({ uri, suites: words("suites"), components: words("components"), options });
    }
  }
  return mirrors;
}

/** The mirror that serves the machine's own release (not its security or third-party suites). */
export function chooseMirror(mirrors: Mirror[], codename: string): Mirror | undefined {
  const serving = mirrors.filter((mirror) => mirror.components.includes("main"));
  return (
    serving.find((mirror) => mirror.suites.includes(codename)) ??
    serving.find((mirror) => mirror.suites.some((suite) => ["stable", "testing", "sid", "unstable"].includes(suite)))
  );
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

export function readMachineMirrors(etcApt = "/etc/apt"): Mirror[] {
  const mirrors: Mirror[] = [];
  mirrors.push(...parseOneLineSources(readIfThere(join(etcApt, "sources.list"))));
  let names: string[] = [];
  try {
    names = readdirSync(join(etcApt, "sources.list.d")).sort();
  } catch {
    // A machine with sources.list alone.
  }
  for (const name of names) {
    const path = join(etcApt, "sources.list.d", name);
    if (name.endsWith(".sources")) mirrors.push(...parseDeb822Sources(readIfThere(path)));
    else if (name.endsWith(".list")) mirrors.push(...parseOneLineSources(readIfThere(path)));
  }
  return mirrors;
}
