import { expect, test } from "bun:test";
import type { Profile, SeccompAnswer } from "../native/boundary.gen.ts";
import { seccompText } from "./seccomp.ts";

const profile: Profile = {
  default_action: "SCMP_ACT_ERRNO",
  default_errno_ret: 1,
  architectures: [],
  flags: [],
  syscalls: [],
};

const answer = (members: Partial<SeccompAnswer>): SeccompAnswer => ({
  name: "mount",
  number: 165,
  action: "SCMP_ACT_ALLOW",
  data: 0,
  reason: "rule",
  rule: 3,
  instructions: 5,
  alternatives: [],
  ...members,
});

const alternatives: SeccompAnswer["alternatives"] = [
  {
    rule: 4,
    action: "SCMP_ACT_TRACE",
    data: 7,
    conditions: [
      { argument: 0, op: "SCMP_CMP_MASKED_EQ", mask: "255", value: "16" },
      { argument: 2, op: "SCMP_CMP_NE", mask: "18446744073709551615", value: "8" },
    ],
  },
];

const table: [name: string, given: Partial<SeccompAnswer>, fixed: boolean, expected: string][] = [
  ["a rule", {}, false, "mount (165)  SCMP_ACT_ALLOW  linux.seccomp.syscalls[3] (5 instructions)"],
  [
    "the default",
    { action: "SCMP_ACT_ERRNO", data: 1, reason: "default", rule: null },
    false,
    "mount (165)  SCMP_ACT_ERRNO(1)  no rule: linux.seccomp.defaultAction (5 instructions)",
  ],
  [
    "a number without a name",
    { name: "", number: 999, action: "SCMP_ACT_ERRNO", data: 38, reason: "newer_than_profile", rule: null },
    false,
    "(no name) (999)  SCMP_ACT_ERRNO(38)  newer than every system call that the profile names (5 instructions)",
  ],
  [
    "by arguments",
    { alternatives },
    false,
    "mount (165)  SCMP_ACT_TRACE(7)  if (arg0 & 0xff) == 0x10 and arg2 != 0x8  linux.seccomp.syscalls[4]\n" +
      "             SCMP_ACT_ERRNO(1)  otherwise: linux.seccomp.defaultAction",
  ],
  [
    "arguments given",
    { alternatives },
    true,
    "mount (165)  SCMP_ACT_ALLOW  linux.seccomp.syscalls[3] (5 instructions)",
  ],
];

test.each(table)("%s", (_name, given, fixed, expected) => {
  const reply = { answers: [answer(given)], not_found: [], unknown_syscalls: [], architectures: [] };
  expect(seccompText(reply, profile, fixed)).toBe(expected);
});

test("names that nothing knows are told", () => {
  const unknown_syscalls = [{ rule: 2, name: "no_such_call" }];
  expect(
    seccompText({ answers: [], not_found: [], unknown_syscalls, architectures: [] }, profile, false),
  ).toBe("linux.seccomp.syscalls[2] names no_such_call, which no architecture of the profile has");
});
