/** What a seccomp profile answers for system calls, for a person. Pure. */

import type {
  Profile,
  SeccompAlternative,
  SeccompAnswer,
  SeccompExplainReply,
} from "../native/boundary.gen.ts";

type Condition = SeccompAlternative["conditions"][number];

/** `fixed`: the arguments were given, so that there is one answer and no "if". */
export function seccompText(reply: SeccompExplainReply, profile: Profile, fixed: boolean): string {
  const name = (answer: SeccompAnswer) => `${answer.name || "(no name)"} (${answer.number})`;
  const width = reply.answers.reduce((most, answer) => Math.max(most, name(answer).length), 0);
  const lines: string[] = [];
  for (const answer of reply.answers) {
    const branches =
      fixed || answer.alternatives.length === 0 ? [only(answer)] : byArguments(answer, profile);
    for (const [index, branch] of branches.entries()) {
      lines.push(`${(index === 0 ? name(answer) : "").padEnd(width)}  ${branch}`);
    }
  }
  for (const { rule, name: unknown } of reply.unknown_syscalls) {
    lines.push(`linux.seccomp.syscalls[${rule}] names ${unknown}, which no architecture of the profile has`);
  }
  return lines.join("\n");
}

const REASONS = {
  rule: "",
  default: "no rule: linux.seccomp.defaultAction",
  newer_than_profile: "newer than every system call that the profile names",
  bad_architecture: "the profile does not have this architecture",
} as const;

function only({ action, data, reason, rule, instructions }: SeccompAnswer): string {
  const why = rule === null ? REASONS[reason] : ruleName(rule);
  return `${actionText(action, data)}  ${why} (${instructions} instructions)`;
}

function byArguments({ alternatives }: SeccompAnswer, profile: Profile): string[] {
  return [
    ...alternatives.map(
      ({ action, data, rule, conditions }) =>
        `${actionText(action, data)}  if ${conditions.map(conditionText).join(" and ") || "always"}  ${ruleName(rule)}`,
    ),
    `${actionText(profile.default_action, dataOfDefault(profile))}  otherwise: linux.seccomp.defaultAction`,
  ];
}

const ruleName = (rule: number) => `linux.seccomp.syscalls[${rule}]`;

function dataOfDefault({ default_action, default_errno_ret }: Profile): number {
  return default_action === "SCMP_ACT_ERRNO" || default_action === "SCMP_ACT_TRACE" ? default_errno_ret : 0;
}

function actionText(action: string, data: number): string {
  return action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE" ? `${action}(${data})` : action;
}

const OPERATORS = {
  SCMP_CMP_NE: "!=",
  SCMP_CMP_LT: "<",
  SCMP_CMP_LE: "<=",
  SCMP_CMP_EQ: "==",
  SCMP_CMP_GE: ">=",
  SCMP_CMP_GT: ">",
  SCMP_CMP_MASKED_EQ: "==",
} as const;

function conditionText({ argument, op, mask, value }: Condition): string {
  const left =
    op === "SCMP_CMP_MASKED_EQ" ? `(arg${argument} & 0x${BigInt(mask).toString(16)})` : `arg${argument}`;
  return `${left} ${OPERATORS[op]} 0x${BigInt(value).toString(16)}`;
}
