/** The operations of `explain` for a person: numbered, in columns, under a heading for each process. Pure. */

import type { Warning } from "../failure/warning.ts";
import type { Operation } from "./operation.ts";

/** Wider texts push the column behind them out, for their own line only. */
const WIDTH_MAX = 76;

interface Explained {
  operations: readonly Operation[];
  /** What create would refuse. */
  problems: readonly string[];
  /** What it would warn of. */
  warnings: readonly Warning[];
}

export function explainText({ operations, problems, warnings }: Explained): string {
  const lines: string[] = [];
  const digits = String(operations.length).length;
  const calls = operations.reduce((most, { call }) => Math.max(most, call.length), 0);
  const width = operations.reduce(
    (most, operation) => Math.min(WIDTH_MAX, Math.max(most, what(operation).length)),
    0,
  );
  let heading = "";
  for (const [index, operation] of operations.entries()) {
    const { phase, by, call, subject } = operation;
    const now = `${phase}: ${by}`;
    if (now !== heading) {
      if (heading !== "") lines.push("");
      lines.push(now);
    }
    heading = now;
    const number = String(index + 1).padStart(digits);
    lines.push(`  ${number}  ${call.padEnd(calls)}  ${what(operation).padEnd(width)}  ${subject}`.trimEnd());
  }
  return [
    ...lines,
    ...section("create would fail", problems),
    ...section("create would warn", warnings.map(inWords)),
  ].join("\n");
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : ["", `${title}:`, ...entries.map((text) => `  ${text}`)];
}

function inWords({ path, message }: Warning): string {
  return path === undefined || message.startsWith(path) ? message : `${path}: ${message}`;
}

function what({ target, detail }: Operation): string {
  return [target, detail].filter((part) => part !== "").join("  ");
}
