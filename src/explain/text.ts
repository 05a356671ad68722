/** The operations of `explain` for a person: numbered, in columns, under a heading for each process. Pure. */

import type { Operation } from "./operation.ts";

/** Wider texts push the column behind them out, for their own line only. */
const WIDTH_MAX = 76;

const HEADINGS = { create: "create", start: "start" } as const;

export function explainText(operations: readonly Operation[], problems: readonly string[]): string {
  const lines: string[] = [];
  const digits = String(operations.length).length;
  const calls = Math.max(...operations.map(({ call }) => call.length), 0);
  const width = Math.min(WIDTH_MAX, Math.max(...operations.map((operation) => what(operation).length), 0));
  let heading = "";
  for (const [index, operation] of operations.entries()) {
    const { phase, by, call, subject } = operation;
    const now = `${HEADINGS[phase]}: ${by}`;
    if (now !== heading) lines.push(...(heading === "" ? [] : [""]), now);
    heading = now;
    const number = String(index + 1).padStart(digits);
    lines.push(`  ${number}  ${call.padEnd(calls)}  ${what(operation).padEnd(width)}  ${subject}`.trimEnd());
  }
  if (problems.length > 0)
    lines.push("", "create would fail or warn:", ...problems.map((text) => `  ${text}`));
  return lines.join("\n");
}

function what({ target, detail, condition }: Operation): string {
  const parts = [target, detail].filter((part) => part !== "").join("  ");
  return condition === undefined ? parts : `${parts}  (if ${condition})`;
}
