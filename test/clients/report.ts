/** docs/CONFORMANCE-clients.md: every check with both results. */
import type { Check, Group } from "./check.ts";
import { type Remembered, recall } from "./results.ts";

export type Verdict = "pass" | "FAIL" | "neither" | "bunc only" | "not compared";

/** bunc must pass only what runc passes here, and what bunc itself promises. */
export function verdict(group: Group, check: Check): Verdict {
  const { bunc, runc } = recall(group, check);
  if (check.buncOnly === true && bunc !== undefined) return bunc.passed ? "bunc only" : "FAIL";
  if (bunc === undefined || runc === undefined) return "not compared";
  if (bunc.passed) return runc.passed ? "pass" : "bunc only";
  return runc.passed ? "FAIL" : "neither";
}

const remarks: Readonly<Record<Verdict, string>> = {
  pass: "",
  FAIL: "**to be repaired**",
  neither: "fails with both",
  "bunc only": "bunc only",
  "not compared": "not compared",
};

export function counts(groups: readonly Group[]): string {
  const verdicts = groups.flatMap((group) => group.checks.map((check) => verdict(group, check)));
  const of = (wanted: Verdict) => verdicts.filter((one) => one === wanted).length;
  const unknown = of("not compared");
  return [
    `${verdicts.length} checks: ${of("pass")} pass with both, ${of("bunc only")} with bunc only,`,
    `${of("FAIL")} with runc only, ${of("neither")} with neither`,
    ...(unknown > 0 ? [`(${unknown} not compared)`] : []),
  ].join(" ");
}

export function conformancePage(groups: readonly Group[], versions: string, latency: string): string {
  const lines = [
    "# Real clients on bunc",
    "",
    "Written by `npm run test:clients`, which runs each check in the test machine's `clients` flavour with bunc and",
    "with Debian's runc. It fails if runc passes a check and bunc does not, so a check that was not compared cannot fail",
    "it. The samples of docs/FAILURES.md are run with bunc only, because they are bunc's own messages.",
    "",
    "A row is the last result of the check in its present form: partial runs add up, possibly of different builds. A",
    "failed check was repeated in the same run, at most twice. Some expectations were set to what bunc or runc was seen",
    "to do. The guest may be emulated and its host busy, so a start latency from few rounds is only a rough figure.",
    "",
    "```",
    versions,
    "```",
    "",
    `${counts(groups)}.`,
    "",
    "## Start latency",
    "",
    latency,
  ];
  const mark = (result: Remembered | undefined) => {
    if (result === undefined) return "";
    if (!result.passed) return "fail";
    return result.repeated ? "pass, repeated" : "pass";
  };
  for (const group of groups) {
    lines.push("", `## ${group.client}: ${group.name}`, "", "| check | bunc | runc | |", "|---|---|---|---|");
    for (const check of group.checks) {
      const { bunc, runc } = recall(group, check);
      const cells = [
        check.name.replaceAll("|", "\\|"),
        mark(bunc),
        mark(runc),
        remarks[verdict(group, check)],
      ];
      lines.push(`| ${cells.join(" | ")} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}
