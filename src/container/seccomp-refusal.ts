/**
 * The system call that a process was killed for, and the rule of its seccomp profile. The process's status
 * does not tell, but the kernel's log does, if it may be read and logs the filter's action.
 */

import type { SeccompAnswer } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { SeccompConfig } from "../oci/seccomp.ts";
import { findRefusal, type LoggedRefusal } from "./kernel-audit.ts";
import { seccompProfile } from "./seccomp.ts";

type Action = SeccompConfig["syscalls"][number]["action"];

/** Actions that end a process, by what the kernel's log calls them (include/uapi/linux/seccomp.h). */
const ACTIONS: readonly (readonly [code: number, actions: readonly Action[]])[] = [
  [0x80000000, ["SCMP_ACT_KILL_PROCESS"]],
  [0x00000000, ["SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD"]],
  [0x00030000, ["SCMP_ACT_TRAP"]],
];
const ENDING_ACTIONS: readonly string[] = ACTIONS.flatMap(([, actions]) => actions);

const DEFAULT = "linux.seccomp.defaultAction";
const ruleAt = (index: number) => `linux.seccomp.syscalls[${index}]`;

/** The kernel writes its log from another thread: it is read this often, with this pause between. */
const LOOKS = 10;
const LOOK_PAUSE_MS = 10;

/** `SIGSYS: why`; undefined where no rule of the profile ends a process. `since`: milliseconds since 1970. */
export function seccompRefusal(
  seccomp: SeccompConfig | undefined,
  pid: number,
  since: number,
): string | undefined {
  const candidates = endingRules(seccomp);
  if (seccomp === undefined || candidates.length === 0) return undefined;
  const logged = lookForRefusal(pid, since);
  if (logged !== undefined) return `SIGSYS: seccomp does not allow ${refusedCall(seccomp, logged)}`;
  return `SIGSYS; these parts of its seccomp profile kill a process: ${few(candidates)}`;
}

const SHOWN_MAX = 3;

function few(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN_MAX).join(", ");
  return texts.length > SHOWN_MAX ? `${shown}, ...` : shown;
}

/** `linux.seccomp.syscalls[2] (mount, umount2: SCMP_ACT_KILL)` for each part of the profile that can end a process. */
function endingRules(seccomp: SeccompConfig | undefined): string[] {
  if (seccomp === undefined) return [];
  const { defaultAction = "", syscalls } = seccomp;
  const rules = syscalls.flatMap(({ names, action }, index) =>
    ENDING_ACTIONS.includes(action) ? [`${ruleAt(index)} (${few(names)}: ${action})`] : [],
  );
  return ENDING_ACTIONS.includes(defaultAction) ? [...rules, `${DEFAULT} (${defaultAction})`] : rules;
}

function lookForRefusal(pid: number, since: number): LoggedRefusal | undefined {
  for (let look = 0; look < LOOKS; look++) {
    const { text, pids_are_ours } = native("kernel_log", {});
    if (text === "" || !pids_are_ours) return undefined;
    const found = findRefusal(text, pid, since);
    if (found !== undefined) return found;
    Bun.sleepSync(LOOK_PAUSE_MS);
  }
  return undefined;
}

/** `mount (linux.seccomp.syscalls[2]: SCMP_ACT_KILL)`. */
function refusedCall(seccomp: SeccompConfig, { architecture, number, code }: LoggedRefusal): string {
  if (architecture === undefined) return `system call ${number} of another architecture`;
  const answer = native("seccomp_explain", {
    profile: seccompProfile(seccomp),
    architecture,
    syscalls: [String(number)],
    arguments: [],
  }).answers[0];
  if (answer === undefined) return `system call ${number}`;
  const places = placesOf(answer, seccomp, code);
  const name = answer.name === "" ? `system call ${number}` : answer.name;
  return places.length === 0 ? name : `${name} (${places.join(" or ")})`;
}

/** The rules that say so. Several if they have conditions on arguments, which the log does not show. */
function placesOf(answer: SeccompAnswer, seccomp: SeccompConfig, code: number): string[] {
  const actions: readonly string[] = ACTIONS.find(([value]) => value === code)?.[1] ?? [];
  const isFixed = answer.alternatives.length === 0;
  const rules = isFixed
    ? answer.rule === null
      ? []
      : [answer.rule]
    : answer.alternatives.map(({ rule }) => rule);
  const named = [...new Set(rules)].map(
    (rule) => [ruleAt(rule), seccomp.syscalls[rule]?.action ?? ""] as const,
  );
  // If no rule covers all arguments, it may be the default action.
  const all =
    rules.length === 0 || !isFixed ? [...named, [DEFAULT, seccomp.defaultAction ?? ""] as const] : named;
  return all.filter(([, action]) => actions.includes(action)).map(([place, action]) => `${place}: ${action}`);
}
