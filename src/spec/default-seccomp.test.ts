import { expect, test } from "bun:test";
import { check } from "../oci/document.ts";
import { SeccompSchema } from "../oci/seccomp.ts";
import { defaultSeccomp } from "./default-seccomp.ts";
import type { DraftSeccomp } from "./draft.ts";

/** The first rule without conditions; with them: all. */
function answers({ syscalls = [], defaultErrnoRet }: DraftSeccomp, name: string): unknown[] {
  const rules = syscalls.filter(({ names }) => names?.includes(name));
  return rules.length === 0
    ? [defaultErrnoRet]
    : rules.map(({ action, errnoRet }) => (action === "SCMP_ACT_ALLOW" ? "allow" : errnoRet));
}

const EPERM = 1;
const ENOSYS = 38;

test.each(["x64", "arm64"])(
  "%s: the schema takes it, and no call has two rules without conditions",
  (machine) => {
    for (const bounding of [[], ["CAP_SYS_ADMIN", "CAP_SYSLOG", "CAP_BPF", "CAP_PERFMON"]]) {
      const profile = defaultSeccomp(machine, bounding);
      expect(check(SeccompSchema, profile).issues).toEqual([]);
      const names = profile.syscalls
        ?.filter(({ args }) => args === undefined)
        .flatMap((rule) => rule.names ?? []);
      expect(names).toEqual([...new Set(names)]);
    }
  },
);

test.each([
  ["read", [], ["allow"]],
  ["mount", [], [EPERM]],
  ["mount", ["CAP_SYS_ADMIN"], ["allow"]],
  ["clone3", [], [ENOSYS]],
  ["clone3", ["CAP_SYS_ADMIN"], ["allow"]],
  ["clone", ["CAP_SYS_ADMIN"], ["allow"]],
  ["bpf", ["CAP_BPF"], ["allow"]],
  ["syslog", [], [EPERM]],
  ["chroot", ["CAP_SYS_CHROOT"], ["allow"]],
  ["keyctl", ["CAP_SYS_ADMIN"], [EPERM]],
  ["io_uring_setup", ["CAP_SYS_ADMIN"], [ENOSYS]],
  ["socket", [], ["allow", 97]],
] as const)("%s with %p: %p", (name, bounding, expected) => {
  expect(answers(defaultSeccomp("x64", bounding), name)).toEqual([...expected]);
});
