import { expect, test } from "bun:test";
import { holdsTriggerText } from "../failure/messages.ts";
import { CAUSES, lastErrors } from "./diagnosis.ts";

test.each([
  ["no error", "(00.1) Running\n(00.2) Dumping finished successfully\n", []],
  [
    "time stamps go, order stays",
    "(00.01) \n(00.02) Error (criu/tty.c:1): one\n(00.03) Warn  (criu/x.c:1): Error\n(00.04) Error (criu/y.c:2): two",
    ["Error (criu/tty.c:1): one", "Error (criu/y.c:2): two"],
  ],
  [
    "each once",
    "Error (a.c:1): x\nError (a.c:1): x\nError (b.c:2): y\n",
    ["Error (a.c:1): x", "Error (b.c:2): y"],
  ],
  [
    "the last five",
    [1, 2, 3, 4, 5, 6, 7].map((line) => `Error (a.c:${line}): x`).join("\n"),
    [3, 4, 5, 6, 7].map((line) => `Error (a.c:${line}): x`),
  ],
  ["with the pid that says it", "(01.2)    42: Error (criu/z.c:3): z", ["Error (criu/z.c:3): z"]],
])("the errors of a log: %s", (_name, log, errors) => {
  expect(lastErrors(log)).toEqual(errors);
});

test.each([
  [
    "Error (criu/sk-inet.c:200): inet: Connected TCP socket, consider using --tcp-established option.",
    "--tcp-established",
  ],
  ["Error (criu/tty.c:305): tty: ... Consider using --shell-job option", "--shell-job"],
  ["Error (criu/files-reg.c:1790): Can't lookup mount=34 for fd=0 path=/dev/pts/0", "--shell-job"],
  ["Error (criu/sk-unix.c:875): unix: ... Consider using --ext-unix-sk option.", "--ext-unix-sk"],
  ["Error (criu/sk-unix.c:418): unix: Unix socket 6272 without peer 5597", "--ext-unix-sk"],
  [
    "Error (criu/file-lock.c:110): Some file locks are hold by dumping tasks! You can try --file-locks",
    "--file-locks",
  ],
  ["Error (criu/mount.c:753): mnt: 42:/x doesn't have a proper root mount", "config.json"],
  ["Error (criu/vdso.c:381): vdso: Unexpected rt vDSO area bounds", "newer criu"],
  ["Error (criu/uffd.c:1225): uffd: UFFD is not supported", "CONFIG_USERFAULTFD"],
  ["Error (criu/kerndat.c:1): kcmp: Function not implemented", "CONFIG_CHECKPOINT_RESTORE"],
  ["Error (criu/mem.c:1): Dirty tracking is not supported", "CONFIG_MEM_SOFT_DIRTY"],
  ['Error (criu/util.c:1): execvp("iptables-restore") failed: No such file or directory', "iptables"],
  ["Error (criu/lsm.c:1): can't restore apparmor lsm profile", "--lsm-profile"],
])("%s", (line, hint) => {
  expect(CAUSES.find(({ log }) => log.test(line))?.hint).toContain(hint);
});

test.each([
  "Error (criu/page-xfer.c:1): page-xfer: Can't connect: Network is unreachable",
  "Error (criu/kerndat.c:1): kerndat_get_dirty_track failed",
  "Error (criu/proc_parse.c:1): Can't open 42/map_files: Permission denied",
  "Error (criu/uffd.c:1): uffd: Can't receive pages: Connection reset by peer",
  "Error (criu/net.c:1): iptables-restore exited with status 2",
  "Error (criu/files.c:1): Can't open /etc/apparmor.d/x",
  "Error (criu/cr-dump.c:1): Dumping FAILED.",
])("nothing is said of %s", (line) => {
  expect(CAUSES.find(({ log }) => log.test(line))?.hint).toBeUndefined();
});

test("no hint holds a text that callers match on", () => {
  expect(CAUSES.filter(({ hint }) => holdsTriggerText(hint))).toEqual([]);
});
