/** Failures after which a command continues, or reports something other than the kernel's errno, and why. */

import { ERRNO } from "../../src/native/boundary.gen.ts";
import { criuExceptions } from "./criu-exceptions.ts";
import type { Exception } from "./exception.ts";

export const madeAgain: Exception = { call: "", why: "the call is repeated" };

const {
  ACCES,
  AGAIN,
  CONNREFUSED,
  CONNRESET,
  EXIST,
  INTR,
  INVAL,
  NODEV,
  NOENT,
  NOTDIR,
  OPNOTSUPP,
  PERM,
  ROFS,
  SRCH,
} = ERRNO;

const table: readonly Exception[] = [
  ...criuExceptions,
  { call: "close(", why: "close(2) frees the descriptor even on failure" },
  { call: "munmap(", why: "the memory is freed when the process exits" },
  { call: "rt_sigaction(", why: "the signal keeps its default disposition" },
  {
    call: "wait4(",
    lessDone: true,
    otherError: true,
    leaves: true,
    why: "a child that wait4(2) does not return cannot be reaped",
  },
  // Files and the state directory.
  { call: "openat(", holds: "O_CREAT|O_EXCL", errnos: [EXIST], otherError: true, why: "it is removed first" },
  {
    call: "openat(",
    subject: "read_file",
    errnos: [NOENT],
    otherError: true,
    why: "reported in runc's words",
  },
  {
    call: "openat(",
    subject: "resolve_path",
    errnos: [NOENT, NOTDIR],
    otherError: true,
    why: "reported in runc's words",
  },
  { call: "mkdirat(", holds: "= EEXIST", why: "it is created with its parents, or exists" },
  {
    call: "mkdirat(",
    subject: "make_directory",
    errnos: [EXIST],
    otherError: true,
    leaves: true,
    why: "it belongs to another container",
  },
  {
    call: "openat(",
    subject: "lock_directory",
    errnos: [NOENT],
    otherError: true,
    leaves: true,
    why: "it has already been removed",
  },
  {
    call: "statx(AT_FDCWD",
    subject: "lock_directory",
    errnos: [NOENT],
    otherError: true,
    leaves: true,
    why: "it has already been removed",
  },
  // Cgroups.
  {
    call: "openat2(",
    subject: "cgroup_in_use",
    errnos: [ACCES, NODEV, NOENT, OPNOTSUPP, PERM, ROFS],
    lessDone: true,
    why: "a process that has exited, or may not be inspected, is not counted",
  },
  {
    call: "getdents64(",
    subject: "cgroup_in_use",
    errnos: [NOENT],
    lessDone: true,
    why: "it is gone",
  },
  {
    call: "",
    subject: "cgroup_devices",
    scenario: "host-create-rootless",
    lessDone: true,
    why: "an ordinary user cannot use the devices that rules would deny",
  },
  {
    call: "openat2(",
    subject: "cgroup_create",
    scenario: "host-create-rootless",
    lessDone: true,
    why: "the check for frozen ancestors comes first, and the cgroup is optional if it may not be created",
  },
  {
    call: "mkdirat(",
    subject: "cgroup_create",
    scenario: "host-create-rootless",
    errnos: [ACCES, PERM, ROFS],
    lessDone: true,
    why: "the cgroup is optional if it may not be created",
  },
  {
    call: "mkdirat(",
    subject: "cgroup_create",
    errnos: [EXIST],
    lessDone: true,
    why: "another process has just created it",
  },
  { call: "openat2(", subject: "cgroup_create", holds: "= ENOENT", why: "creating it reports the error" },
  {
    call: "openat2(",
    subject: "cgroup_create",
    holds: '"cgroup.',
    lessDone: true,
    why: "setting a limit that needs it fails",
  },
  {
    call: "openat2(",
    subject: "cgroup_create",
    scenario: "host-create-systemd",
    errnos: [NOENT],
    why: "a missing cgroup is created",
  },
  {
    call: "read(",
    subject: "cgroup_create",
    holds: "/cgroup.",
    lessDone: true,
    why: "setting a limit that needs it fails",
  },
  {
    call: "write(",
    subject: "cgroup_create",
    holds: "/cgroup.subtree_control",
    lessDone: true,
    why: "each controller is tried separately; setting a limit that needs it fails",
  },
  { call: "bpf(BPF_PROG_LOAD)", why: "it is loaded again, with the verifier's log" },
  {
    call: "openat2(",
    subject: "cgroup_devices",
    errnos: [NOENT, NODEV],
    otherError: true,
    why: "the cgroup is gone",
  },
  {
    call: ['openat(AT_FDCWD, "/sys/fs/cgroup/c1"', "clone3("],
    scenario: ["host-exec", "host-exec-agent"],
    why: "init's current cgroup is tried instead",
  },
  // The process and its streams.
  {
    call: "sendmsg(<channel>",
    otherError: true,
    why: "write(2) makes the same packet; if the process has exited, its end is reported",
  },
  {
    call: "sendmsg(<connection>",
    otherError: true,
    why: "write(2) makes the same packet; a process that has exited cannot be started",
  },
  {
    call: "connect(",
    subject: "start",
    errnos: [CONNREFUSED],
    otherError: true,
    why: "nothing listens on the socket: the process has exited",
  },
  { call: "unlinkat(", subject: "start", errnos: [NOENT], why: "it is removed" },
  { call: "recvmsg(<connection>", errnos: [CONNRESET], why: "bunc then checks whether the process is alive" },
  {
    call: "recvmsg(<channel>",
    errnos: [CONNRESET],
    otherError: true,
    why: "the end of the process is reported",
  },
  { call: "prlimit64(", lessDone: true, why: "the limit is set without being raised first" },
  { call: "sched_setaffinity(", last: true, lessDone: true, why: "a CPU that has gone offline is ignored" },
  { call: "statx(<stdio>", why: "nothing is known about the caller's stream, so it is left alone" },
  {
    call: "statx(<pipe>",
    subject: "proceed",
    lessDone: true,
    why: "a pipe that cannot be given to the user keeps its owner",
  },
  {
    call: "statx(AT_FDCWD",
    holds: "/ns/user",
    lessDone: true,
    why: "a pipe that cannot be given to the user keeps its owner",
  },
  {
    call: "openat(",
    holds: '/uid_map", O_RDONLY',
    lessDone: true,
    why: "a pipe that cannot be given to the user keeps its owner",
  },
  {
    call: "read(",
    holds: "/uid_map",
    lessDone: true,
    why: "a pipe that cannot be given to the user keeps its owner",
  },
  { call: "fchownat(<", lessDone: true, why: "a pipe that cannot be given to the user keeps its owner" },
  {
    call: ["openat(", "read("],
    scenario: "host-exec",
    subject: "spawn",
    holds: "/stat",
    why: "bunc-init has reported that it executes the program",
  },
  {
    call: ["openat(", "read("],
    scenario: "host-exec-agent",
    subject: "proceed",
    holds: "/stat",
    why: "bunc-init has reported that it executes the program",
  },
  {
    call: ["openat(", "read("],
    scenario: "host-run-start",
    holds: "/stat",
    why: "bunc-init has reported that it executes the program",
  },
  { call: "pidfd_send_signal(", subject: "abandon", why: "the process has exited by itself" },
  // Hooks.
  { call: "statx(", subject: "run_hook", why: "execve(2) reports the problem with the directory" },
  {
    call: "pidfd_open(",
    subject: "run_hook",
    errnos: [SRCH, INVAL],
    otherError: true,
    why: "the container has ended",
  },
  {
    call: "openat(",
    subject: "run_hook",
    holds: "/stat",
    errnos: [NOENT],
    otherError: true,
    why: "the container has ended",
  },
  { call: "read(<pipe>", errnos: [AGAIN], why: "it wrote nothing" },
];

interface Call {
  subject: string;
  text: string;
}

/** `all`: the calls of the rehearsal without a failure. */
export function exceptionOf(
  scenario: string,
  all: readonly Call[],
  call: Call,
  errno: number,
): Exception | undefined {
  return table.find(
    (row) =>
      each(row.call).some((beginning) => call.text.startsWith(beginning)) &&
      each(row.holds ?? "").some((part) => call.text.includes(part)) &&
      (row.subject ?? call.subject) === call.subject &&
      each(row.scenario ?? scenario).includes(scenario) &&
      (row.errnos?.includes(errno) ?? true) &&
      (row.last !== true || all.findLast(({ text }) => text === call.text) === call),
  );
}

const each = (texts: string | readonly string[]) => [texts].flat();

export function isMadeAgain(errno: number): boolean {
  return errno === INTR || errno === AGAIN;
}

/**
 * Calls that confine the container from outside: its ids, devices and limits, and the seals of bunc-init. Each must succeed,
 * or the command must fail, whatever the kernel answers.
 */
const confining: readonly { what: string; is: (call: Call) => boolean }[] = [
  {
    what: "device rules",
    is: ({ subject, text }) => subject === "cgroup_devices" && !text.startsWith("close("),
  },
  {
    what: "seals",
    is: ({ text }) => /^fcntl\(<[^>]+>, F_ADD_SEALS, /.test(text) || text.startsWith("memfd_create("),
  },
  {
    what: "id maps",
    is: ({ text }) =>
      /^(openat|write)\(.*\/(uid_map|gid_map|setgroups)/.test(text) &&
      !text.includes(", O_RDONLY|O_CLOEXEC,"),
  },
  {
    what: "limits",
    is: ({ text }) => text.startsWith("prlimit64(") || /^write\(<\/sys\/fs\/cgroup/.test(text),
  },
  { what: "new process", is: ({ text }) => text.startsWith("clone3(") },
];

/** What the call confines; undefined if nothing. */
export const whatItConfines = (call: Call): string | undefined => confining.find(({ is }) => is(call))?.what;

/** All values of {@link whatItConfines}. */
export const confinedFromOutside: readonly string[] = confining.map(({ what }) => what);

/** The member of the configuration that an error of the call must name; undefined if there is none. */
export function configPathOf({ subject, text }: Call): string | undefined {
  const writes = text.startsWith("write(") || text.includes("O_WRONLY");
  if (writes && text.includes("/uid_map")) return "linux.uidMappings";
  if (writes && text.includes("/gid_map")) return "linux.gidMappings";
  if (text.includes("/oom_score_adj")) return "process.oomScoreAdj";
  if (text.startsWith("prlimit64(")) return "process.rlimits[0]";
  if (text.startsWith("sched_setaffinity(")) return "process.execCPUAffinity.initial";
  if (text.includes("<route>") || text.startsWith("socket(AF_NETLINK")) return "linux.netDevices";
  if (subject === "run_hook") return "hooks.createRuntime[0]";
  if (text.includes("/run/agent.sock")) return "linux.seccomp.listenerPath";
  if (text.includes("/pids.max")) return "linux.resources.pids.limit";
  if (text.includes("/memory.max") || text.includes("memory.limit_in_bytes"))
    return "linux.resources.memory.limit";
  return undefined;
}
