/** The findings for a person. Pure. */

import { canRun } from "./evaluate.ts";
import { AREAS, type Finding } from "./finding.ts";

const MARKS = { ok: "ok", limited: "--", missing: "NO" } as const;

/** One finding a line, and a verdict at the end. `engine`: the one that the findings are about. */
export function doctorText(findings: readonly Finding[], engine?: string): string {
  const width = findings.reduce((most, { name }) => Math.max(most, name.length), 0);
  const lines: string[] = [];
  for (const area of AREAS) {
    const here = findings.filter((finding) => finding.area === area);
    if (here.length === 0) continue;
    if (lines.length > 0) lines.push("");
    lines.push(area);
    for (const { name, verdict, found, without, fix } of here) {
      lines.push(`  ${MARKS[verdict]}  ${name.padEnd(width)}  ${found}`);
      if (verdict === "ok") continue;
      const indent = " ".repeat(width + 8);
      lines.push(`${indent}without it: ${without}`, `${indent}to get it: ${fix}`);
    }
  }
  lines.push("", summary(findings, engine));
  return lines.join("\n");
}

function summary(findings: readonly Finding[], engine: string | undefined): string {
  const missing = findings.filter(({ verdict }) => verdict === "missing").map(({ name }) => name);
  const limited = findings.filter(({ verdict }) => verdict === "limited").length;
  if (engine !== undefined) {
    return missing.length === 0
      ? `${engine} can use bunc.`
      : `${engine} cannot use bunc: ${missing.join(", ")}.`;
  }
  if (!canRun(findings)) return `No container can run here: ${missing.join(", ")}.`;
  return limited === 0
    ? "A default container can run here, and nothing is missing."
    : `A default container can run here; ${limited} things are missing, each for what stands beside it.`;
}
