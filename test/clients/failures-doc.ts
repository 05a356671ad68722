/** The samples of docs/FAILURES.md as checks: each command is run, and must print what the page shows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./check.ts";

/** The client that prints a sample: the word in the comment above its block. */
export type SampleOf = "Docker" | "Podman" | "ctr" | "CRI";

interface Sample {
  /** The heading above it, and its number among the samples of that heading. */
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

/** `…` matches anything within a line; the suite uses another container name than the page. */
function pattern(lines: readonly string[]): RegExp {
  const escaped = lines.map((line) => RegExp.escape(line).replaceAll("…", ".*").replaceAll("broken", "\\w+"));
  return new RegExp(`^${escaped.join("\\n")}\\s*$`);
}

/** In console samples, lines that start with `# ` are commands, the others their output. */
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

/** For samples of the CRI's answers, `scripts` has for each heading the functions of cri.sh that get the answer. */
export function criFailureChecks(scripts: Readonly<Record<string, string>>): Check[] {
  return criFailureSamples().map(({ name, text }) => {
    const script = scripts[name.replace("docs/FAILURES.md: ", "")];
    if (script === undefined) throw new Error(`no script for the CRI's sample of ${name}`);
    return { name, script, status: 1, output: pattern([`StartContainer: code …: ${text}`]), buncOnly: true };
  });
}
