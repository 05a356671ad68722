/** config-linux.md, Seccomp. */

import * as v from "valibot";
import { integer, listOf, nonEmptyText, oneOf, struct, text, uint32, uint64 } from "./primitives.ts";

export const SECCOMP_ACTIONS = [
  "SCMP_ACT_KILL",
  "SCMP_ACT_KILL_PROCESS",
  "SCMP_ACT_KILL_THREAD",
  "SCMP_ACT_TRAP",
  "SCMP_ACT_ERRNO",
  "SCMP_ACT_TRACE",
  "SCMP_ACT_ALLOW",
  "SCMP_ACT_LOG",
  "SCMP_ACT_NOTIFY",
] as const;

export const SECCOMP_OPERATORS = [
  "SCMP_CMP_NE",
  "SCMP_CMP_LT",
  "SCMP_CMP_LE",
  "SCMP_CMP_EQ",
  "SCMP_CMP_GE",
  "SCMP_CMP_GT",
  "SCMP_CMP_MASKED_EQ",
] as const;

export const SECCOMP_ARCHITECTURES = [
  "SCMP_ARCH_X86",
  "SCMP_ARCH_X86_64",
  "SCMP_ARCH_X32",
  "SCMP_ARCH_ARM",
  "SCMP_ARCH_AARCH64",
  "SCMP_ARCH_LOONGARCH64",
  "SCMP_ARCH_M68K",
  "SCMP_ARCH_MIPS",
  "SCMP_ARCH_MIPS64",
  "SCMP_ARCH_MIPS64N32",
  "SCMP_ARCH_MIPSEL",
  "SCMP_ARCH_MIPSEL64",
  "SCMP_ARCH_MIPSEL64N32",
  "SCMP_ARCH_PARISC",
  "SCMP_ARCH_PARISC64",
  "SCMP_ARCH_PPC",
  "SCMP_ARCH_PPC64",
  "SCMP_ARCH_PPC64LE",
  "SCMP_ARCH_RISCV64",
  "SCMP_ARCH_S390",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_SH",
  "SCMP_ARCH_SHEB",
] as const;

export const SECCOMP_FLAGS = [
  "SECCOMP_FILTER_FLAG_TSYNC",
  "SECCOMP_FILTER_FLAG_LOG",
  "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
  "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
] as const;

const action = oneOf(SECCOMP_ACTIONS);

const SyscallArgumentSchema = struct({
  index: integer(0, 5),
  value: uint64,
  valueTwo: v.exactOptional(uint64),
  op: oneOf(SECCOMP_OPERATORS),
});

const SyscallRuleSchema = struct({
  names: listOf(nonEmptyText, "an array of system call names"),
  action,
  errnoRet: v.exactOptional(uint32),
  args: v.exactOptional(listOf(SyscallArgumentSchema, "an array of argument conditions")),
});

export const SeccompSchema = struct({
  /** Absent (or empty) together with no rules: no seccomp at all, as runc reads it. */
  defaultAction: v.exactOptional(oneOf([...SECCOMP_ACTIONS, ""])),
  defaultErrnoRet: v.exactOptional(uint32),
  architectures: v.exactOptional(listOf(oneOf(SECCOMP_ARCHITECTURES), "an array of architectures")),
  /** Absent is not the same as empty: runc's default is SPEC_ALLOW. */
  flags: v.exactOptional(listOf(oneOf(SECCOMP_FLAGS), "an array of filter flags")),
  listenerPath: v.optional(text, ""),
  listenerMetadata: v.optional(text, ""),
  syscalls: v.optional(listOf(SyscallRuleSchema, "an array of rules"), []),
});
export type SeccompConfig = v.InferOutput<typeof SeccompSchema>;
