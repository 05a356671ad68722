/** The kernel's records of what seccomp filters refused (audit type 1326), in the text of its log. Pure. */

import type { Architecture } from "../native/boundary.gen.ts";

/** One record of a refused system call. */
export interface LoggedRefusal {
  /** As the specification names it; undefined: it has no name for it. */
  architecture: Architecture | undefined;
  number: number;
  /** What the filter answered: SECCOMP_RET_* of seccomp(2), without data. */
  code: number;
}

/** AUDIT_ARCH_* of include/uapi/linux/audit.h. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  c000003e: "SCMP_ARCH_X86_64",
  "40000003": "SCMP_ARCH_X86",
  c00000b7: "SCMP_ARCH_AARCH64",
  "40000028": "SCMP_ARCH_ARM",
};

/** Bit of the numbers of x32, which shares its token with x86_64. */
const X32_BIT = 0x40000000;

/** The clocks of the log and of processes differ by a tick. */
const CLOCK_TOLERANCE_MS = 1000;

/**
 * The last refusal that ended process `pid`, not older than `since` (milliseconds since 1970). Only lines of
 * the kernel itself count (facility 0): writers to /dev/kmsg get another facility.
 */
export function findRefusal(log: string, pid: number, since: number): LoggedRefusal | undefined {
  const line = log.split("\n").findLast((candidate) => {
    if (!/^<[0-7]>/.test(candidate)) return false;
    const seconds = /\btype=1326 audit\((\d+\.\d+):/.exec(candidate)?.[1];
    if (seconds === undefined || Number(seconds) * 1000 < since - CLOCK_TOLERANCE_MS) return false;
    return fieldOf(candidate, "pid") === String(pid) && fieldOf(candidate, "sig") === "31";
  });
  if (line === undefined) return undefined;
  const number = Number(fieldOf(line, "syscall"));
  const code = Number(fieldOf(line, "code"));
  if (!Number.isSafeInteger(number) || !Number.isSafeInteger(code)) return undefined;
  const architecture = ARCHITECTURES[fieldOf(line, "arch") ?? ""];
  const isX32 = architecture === "SCMP_ARCH_X86_64" && (number & X32_BIT) !== 0;
  return { architecture: isX32 ? "SCMP_ARCH_X32" : architecture, number, code };
}

/** The kernel quotes names, or writes them as hexadecimal digits. */
function fieldOf(line: string, key: string): string | undefined {
  return new RegExp(` ${key}=(\\w+)`).exec(line.replaceAll(/"[^"]*"/g, '""'))?.[1];
}
