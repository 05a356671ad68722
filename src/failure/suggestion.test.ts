import { expect, test } from "bun:test";
import { capabilityNames } from "../kernel/capability.ts";
import { NAMESPACE_TYPES } from "../oci/linux.ts";
import { RLIMIT_TYPES } from "../oci/process.ts";
import { SECCOMP_ACTIONS, SECCOMP_ARCHITECTURES, SECCOMP_OPERATORS } from "../oci/seccomp.ts";
import { didYouMean, distanceUpTo, nearest } from "./suggestion.ts";

test.each<[string, string, number]>([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "ab", 1],
  ["abc", "abcd", 1],
  ["abc", "abd", 1],
  ["abc", "acb", 1],
  ["ca", "abc", 3],
  ["sitting", "kitten", 3],
  ["", "abc", 3],
])("from %p to %p: %i", (a, b, distance) => {
  expect(distanceUpTo(a, b, 9)).toBe(distance);
  expect(distanceUpTo(b, a, 9)).toBe(distance);
  if (distance > 0) expect(distanceUpTo(a, b, distance - 1)).toBeGreaterThan(distance - 1);
});

const capabilities = capabilityNames();

test.each<[string, readonly string[], string[]]>([
  ["CAP_SYS_ADMN", capabilities, ["CAP_SYS_ADMIN"]],
  ["cap_sys_admin", capabilities, ["CAP_SYS_ADMIN"]],
  ["SYS_ADMIN", capabilities, ["CAP_SYS_ADMIN"]],
  ["net-admin", capabilities, ["CAP_NET_ADMIN"]],
  ["CAP_KILL", capabilities, []],
  ["CAP_FROBNICATE", capabilities, []],
  ["CAP_NET_ADMINISTRATOR", capabilities, []],
  ["RLIMIT_NOFIEL", RLIMIT_TYPES, ["RLIMIT_NOFILE"]],
  ["NPROC", RLIMIT_TYPES, ["RLIMIT_NPROC"]],
  ["netwrok", NAMESPACE_TYPES, ["network"]],
  ["pids", NAMESPACE_TYPES, ["pid"]],
  ["x", NAMESPACE_TYPES, []],
  ["", NAMESPACE_TYPES, []],
  ["ip", NAMESPACE_TYPES, []],
  ["SCMP_ACT_ALOW", SECCOMP_ACTIONS, ["SCMP_ACT_ALLOW"]],
  ["ALLOW", SECCOMP_ACTIONS, ["SCMP_ACT_ALLOW"]],
  ["SCMP_CMP_G", SECCOMP_OPERATORS, ["SCMP_CMP_GE", "SCMP_CMP_GT"]],
  ["SCMP_CMP_", SECCOMP_OPERATORS, []],
  ["x86_64", SECCOMP_ARCHITECTURES, ["SCMP_ARCH_X86_64"]],
  ["SCMP_ARCH_POWERPC", SECCOMP_ARCHITECTURES, []],
])("%p → %p", (word, known, expected) => {
  expect(nearest(word, known)).toEqual(expected);
});

test("wording", () => {
  expect(didYouMean("creat", ["create", "state"])).toBe(' (did you mean "create"?)');
  expect(didYouMean("ax", ["axe", "bx"])).toBe("");
  expect(didYouMean("abx", ["aby", "abz"])).toBe(' (did you mean "aby" or "abz"?)');
});

test("no name of a list is so near to another that the mistake of one is the other", () => {
  for (const list of [capabilities, RLIMIT_TYPES, NAMESPACE_TYPES, SECCOMP_ACTIONS]) {
    for (const name of list) expect(nearest(name, list)).toEqual([]);
  }
});
