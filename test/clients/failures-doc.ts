/** The samples of docs/FAILURES.md as checks: what the page shows is run, and has to print what the page shows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./check.ts";

/** Who prints a sample: the word in the source above its block. */
export type SampleOf = "Docker" | "Podman" | "ctr" | "CRI";

interface Sample {
  /** The heading above it, and which sample of this heading it is. */
  readonly name: string;
  readonly text: string;
}

const page = readFileSync(join(import.meta.dir, "../../docs/FAILURES.md"), "utf8");

function samplesOf(who: SampleOf): Sample[] {
  const counts = new Map<string, number>();
  const block = new RegExp(`<!-- sample: ${who} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\\n\`\`\``, "g");
  return [...page.matchAll(block)].map(({ index, 1: text = "" }) => {
    const heading = /[\s\S]*\n##+ (.*)\n/.exec(page.slice(0, index))?.[1] ?? "";
    const count = (counts.get(heading) ?? 0) + 1;
    counts.set(heading, count);
    return { name: `docs/FAILURES.md: ${heading}${count > 1 ? `, ${count}` : ""}`, text };
  });
}

/** `…` is anything within a line; the name that the page gives a container is another one in the suite. */
function pattern(lines: readonly string[]): RegExp {
  const escaped = lines.map((line) => RegExp.escape(line).replaceAll("…", ".*").replaceAll("broken", "\\w+"));
  return new RegExp(`^${escaped.join("\\n")}\\s*$`);
}

/** Of console samples: lines behind `# ` are commands, the others what they print. */
export function failureChecks(who: Exclude<SampleOf, "CRI">): Check[] {
  return samplesOf(who).map(({ name, text }) => {
    const lines = text.split("\n");
    const commands = lines.filter((line) => line.startsWith("# ")).map((line) => line.slice(2));
    const script = commands.map((command) => `{ ${command.replaceAll("broken", "$C")}; } || :`).join("\n");
    return {
      name,
      script: script.replaceAll("--runc-binary /usr/local/bin/bunc ", "$BINARY "),
      output: pattern(lines.filter((line) => !line.startsWith("# "))),
      buncOnly: true,
    };
  });
}

export const criFailureSamples = () => samplesOf("CRI");

/** Of what the CRI answers: `scripts` has for each heading the functions of cri.sh that get that answer. */
export function criFailureChecks(scripts: Readonly<Record<string, string>>): Check[] {
  return criFailureSamples().map(({ name, text }) => {
    const script = scripts[name.replace("docs/FAILURES.md: ", "")];
    if (script === undefined) throw new Error(`no script for the CRI's sample of ${name}`);
    return { name, script, status: 1, output: pattern([`StartContainer: code …: ${text}`]), buncOnly: true };
  });
}
