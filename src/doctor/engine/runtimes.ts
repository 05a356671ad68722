/** What is asked of every engine: that it is there, that its configuration can be read, and that it names bunc. Pure. */

import { type Finding, finding, stated } from "../finding.ts";
import { type EngineFacts, isBunc, type Table } from "./facts.ts";

/** name → path of its executable, as configured. */
type Runtimes = ReadonlyMap<string, string>;

interface Configured {
  runtimes: Runtimes;
  /** Name of the default one. */
  standard: string;
}

export function findEngine(facts: EngineFacts, program: string): Finding {
  const path = facts.onPath(program);
  return finding("engine", program, {
    ok: path !== "",
    found: path || "not on PATH",
    without: "nothing that would use bunc",
    fix: `install ${program}, or ask about another engine`,
  });
}

/** Every file, in order, and a finding about each. */
export function readAll(
  { files, unreadable }: EngineFacts,
  parse: (text: string) => unknown,
): { tables: Table[]; findings: Finding[] } {
  const tables: Table[] = [];
  const findings = unreadable.map((path) =>
    finding("engine", path, {
      ok: false,
      found: "this user may not read it",
      without: "what it says is not known here",
      fix: "run doctor as root",
    }),
  );
  for (const [path, text] of files) {
    try {
      tables.push((text.trim() === "" ? {} : parse(text)) as Table);
      findings.push(stated("engine", path, "read"));
    } catch (error) {
      findings.push(
        finding("engine", path, {
          ok: false,
          found: `cannot be read: ${error instanceof Error ? error.message : error}`,
          without: "the engine does not start",
          fix: "correct the file",
          required: true,
        }),
      );
    }
  }
  return { tables, findings };
}

/** `entry`: the lines to add. */
export function findRuntimes(
  facts: EngineFacts,
  { runtimes, standard }: Configured,
  entry: string,
): Finding[] {
  const ours = [...runtimes].filter(([, path]) => isBunc(facts, path)).map(([name]) => name);
  const broken = [...runtimes].filter(([name, path]) => /bunc/.test(name + path) && !ours.includes(name));
  const [first = ""] = ours;
  const isStandard = ours.includes(standard);
  return [
    ...broken.map(([name, path]) =>
      finding("engine", `runtime ${name}`, {
        ok: false,
        found: `${path} is not there, or is not bunc`,
        without: `containers with the runtime ${name} fail`,
        fix: `its path is to be ${facts.own}`,
        required: ours.length === 0,
      }),
    ),
    finding("engine", "runtime", {
      ok: ours.length > 0,
      found:
        ours.length > 0 ? ours.map((name) => `${name}: ${runtimes.get(name)}`).join(", ") : "none is bunc",
      without: "no container can be run by bunc",
      fix: `in ${facts.place}: ${entry}`,
      required: true,
    }),
    finding("engine", "default runtime", {
      ok: isStandard,
      found: standard || "not set",
      without: "only containers that ask for it are run by bunc",
      fix: `make ${first || "bunc"} the default in ${facts.place}, if all containers are to have it`,
    }),
  ];
}
