import { expect, test } from "bun:test";
import { findRefusal } from "./kernel-audit.ts";

const SINCE = 1_796_000_000_000;

function line(changes: Record<string, string> = {}, level = "<5>", time = "1796000001.250"): string {
  const fields = {
    auid: "4294967295",
    uid: "0",
    gid: "0",
    ses: "4294967295",
    subj: "unconfined",
    pid: "77",
    comm: '"probe"',
    exe: '"/probe"',
    sig: "31",
    arch: "c000003e",
    syscall: "165",
    compat: "0",
    ip: "0x1001234",
    code: "0x80000000",
    ...changes,
  };
  const text = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
  return `${level}[  246.700953] audit: type=1326 audit(${time}:45): ${text.join(" ")}`;
}

const other = "<6>[  246.7] probe[77]: segfault at 0 ip 0 sp 0 error 4";
const mount = { architecture: "SCMP_ARCH_X86_64", number: 165, code: 0x80000000 } as const;

test.each<[string, string[], ReturnType<typeof findRefusal>]>([
  ["the process's", [other, line(), other], mount],
  ["the last one", [line({ syscall: "1" }), line()], mount],
  ["killed as a thread", [line({ code: "0x0" })], { ...mount, code: 0 }],
  [
    "of 32 bits",
    [line({ arch: "40000003", syscall: "21" })],
    { architecture: "SCMP_ARCH_X86", number: 21, code: 0x80000000 },
  ],
  [
    "of x32",
    [line({ syscall: "1073741985" })],
    { ...mount, architecture: "SCMP_ARCH_X32", number: 1073741985 },
  ],
  ["of an architecture without a name here", [line({ arch: "ffff" })], { ...mount, architecture: undefined }],
  [
    "of the aarch64 kernel",
    [line({ arch: "c00000b7", syscall: "40" })],
    { architecture: "SCMP_ARCH_AARCH64", number: 40, code: 0x80000000 },
  ],
  ["none", [other], undefined],
  ["of another process", [line({ pid: "777" }), line({ pid: "7" })], undefined],
  ["of an earlier process", [line({}, "<5>", "1795999990.0")], undefined],
  ["of a tick before", [line({}, "<5>", "1795999999.990")], mount],
  ["only logged", [line({ sig: "0" })], undefined],
  ["written by a program", [line({}, "<13>")], undefined],
  ["with fields in a name", [line({ pid: "9", comm: '"x pid=77 sig=31"' })], undefined],
  ["with a name of digits", [line({ comm: "2078" })], mount],
])("%s", (_name, lines, expected) => {
  expect(findRefusal(lines.join("\n"), 77, SINCE)).toEqual(expected);
});
