/** After which failures a command goes on, or says something else than the kernel does, and why. */

import { ERRNO } from "../../src/native/boundary.gen.ts";
import { criuExceptions } from "./criu-exceptions.ts";
import type { Exception } from "./exception.ts";

export const madeAgain: Exception = { call: "", why: "it is made again" };

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
  { call: "close(", why: "the descriptor is gone in any case: close(2)" },
  { call: "munmap(", why: "what is left of memory is given back at the end" },
  { call: "rt_sigaction(", why: "a signal whose disposition cannot be set has the default one" },
  {
    call: "wait4(",
    lessDone: true,
    otherError: true,
    leaves: true,
    why: "a child that wait4(2) does not give cannot be reaped",
  },
  // Files and the state directory.
  { call: "openat(", holds: "O_CREAT|O_EXCL", errnos: [EXIST], otherError: true, why: "it is removed first" },
  { call: "openat(", subject: "read_file", errnos: [NOENT], otherError: true, why: "said as runc does" },
  {
    call: "openat(",
    subject: "resolve_path",
    errnos: [NOENT, NOTDIR],
    otherError: true,
    why: "said as runc does",
  },
  { call: "mkdirat(", holds: "= EEXIST", why: "it is made with its parents, or is there" },
  {
    call: "mkdirat(",
    subject: "make_directory",
    errnos: [EXIST],
    otherError: true,
    leaves: true,
    why: "it is another container's",
  },
  {
    call: "openat(",
    subject: "lock_directory",
    errnos: [NOENT],
    otherError: true,
    leaves: true,
    why: "somebody removed it",
  },
  {
    call: "statx(AT_FDCWD",
    subject: "lock_directory",
    errnos: [NOENT],
    otherError: true,
    leaves: true,
    why: "somebody removed it",
  },
  // Cgroups.
  {
    call: "",
    subject: "resolve_path",
    scenario: "host-create-systemd",
    otherError: true,
    why: "a systemd that cannot be looked for is said not to be there",
  },
  {
    call: "openat2(",
    subject: "cgroup_in_use",
    errnos: [ACCES, NODEV, NOENT, OPNOTSUPP, PERM, ROFS],
    lessDone: true,
    why: "who is not there, or may not be looked at, is not found in it",
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
    why: "whether one above is frozen is asked first, and a cgroup that may not be made is done without",
  },
  {
    call: "mkdirat(",
    subject: "cgroup_create",
    scenario: "host-create-rootless",
    errnos: [ACCES, PERM, ROFS],
    lessDone: true,
    why: "a cgroup that may not be made is done without",
  },
  {
    call: "mkdirat(",
    subject: "cgroup_create",
    errnos: [EXIST],
    lessDone: true,
    why: "somebody else made it just now",
  },
  { call: "openat2(", subject: "cgroup_create", holds: "= ENOENT", why: "making it reports what is wrong" },
  {
    call: "openat2(",
    subject: "cgroup_create",
    holds: '"cgroup.',
    lessDone: true,
    why: "a limit that needs it fails",
  },
  {
    call: "openat2(",
    subject: "cgroup_create",
    scenario: "host-create-systemd",
    errnos: [NOENT],
    why: "what is missing is made",
  },
  {
    call: "read(",
    subject: "cgroup_create",
    holds: "/cgroup.",
    lessDone: true,
    why: "a limit that needs it fails",
  },
  {
    call: "write(",
    subject: "cgroup_create",
    holds: "/cgroup.subtree_control",
    lessDone: true,
    why: "each controller is tried by itself; a limit that needs it fails",
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
    call: "openat(",
    holds: '"/sys/fs/cgroup/c1"',
    scenario: "host-exec",
    why: "the cgroup that init is in is tried",
  },
  { call: "clone3(", scenario: "host-exec", why: "the cgroup that init is in is tried" },
  {
    call: "openat(",
    holds: '"/sys/fs/cgroup/c1"',
    scenario: "host-exec-agent",
    why: "the cgroup that init is in is tried",
  },
  { call: "clone3(", scenario: "host-exec-agent", why: "the cgroup that init is in is tried" },
  // The process and its streams.
  {
    call: "sendmsg(<channel>",
    otherError: true,
    why: "write(2) makes the same packet; of a process that is gone the end is reported",
  },
  {
    call: "sendmsg(<connection>",
    otherError: true,
    why: "write(2) makes the same packet; a process that is gone cannot be started",
  },
  {
    call: "connect(",
    subject: "start",
    errnos: [CONNREFUSED],
    otherError: true,
    why: "nobody listens: it has ended",
  },
  { call: "unlinkat(", subject: "start", errnos: [NOENT], why: "it is removed" },
  { call: "recvmsg(<connection>", errnos: [CONNRESET], why: "whether the process lives is looked at" },
  {
    call: "recvmsg(<channel>",
    errnos: [CONNRESET],
    otherError: true,
    why: "the end of the process is reported",
  },
  { call: "prlimit64(", lessDone: true, why: "the limit is not raised before it is set" },
  { call: "sched_setaffinity(", last: true, lessDone: true, why: "a CPU that is gone meanwhile is ignored" },
  { call: "statx(<stdio>", why: "of a stream of the caller's nothing is known, so it is left alone" },
  { call: "statx(<pipe>", subject: "proceed", lessDone: true, why: "a pipe that cannot be given stays ours" },
  {
    call: "statx(AT_FDCWD",
    holds: "/ns/user",
    lessDone: true,
    why: "a pipe that cannot be given stays ours",
  },
  {
    call: "openat(",
    holds: '/uid_map", O_RDONLY',
    lessDone: true,
    why: "a pipe that cannot be given stays ours",
  },
  { call: "read(", holds: "/uid_map", lessDone: true, why: "a pipe that cannot be given stays ours" },
  { call: "fchownat(<", lessDone: true, why: "a pipe that cannot be given stays ours" },
  {
    call: "openat(",
    scenario: "host-exec",
    subject: "spawn",
    holds: "/stat",
    why: "it has said that it executes the program",
  },
  {
    call: "openat(",
    scenario: "host-exec-agent",
    subject: "proceed",
    holds: "/stat",
    why: "it has said that it executes the program",
  },
  {
    call: "read(",
    scenario: "host-exec-agent",
    subject: "proceed",
    holds: "/stat",
    why: "it has said that it executes the program",
  },
  {
    call: "openat(",
    scenario: "host-run-start",
    holds: "/stat",
    why: "it has said that it executes the program",
  },
  {
    call: "read(",
    scenario: "host-exec",
    subject: "spawn",
    holds: "/stat",
    why: "it has said that it executes the program",
  },
  {
    call: "read(",
    scenario: "host-run-start",
    holds: "/stat",
    why: "it has said that it executes the program",
  },
  { call: "pidfd_send_signal(", subject: "abandon", why: "it has ended by itself" },
  // Hooks.
  { call: "statx(", subject: "run_hook", why: "execve(2) reports what is wrong with the directory" },
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

/** `all`: the calls of the rehearsal in which none fails. */
export function exceptionOf(
  scenario: string,
  all: readonly Call[],
  call: Call,
  errno: number,
): Exception | undefined {
  return table.find(
    (row) =>
      call.text.startsWith(row.call) &&
      call.text.includes(row.holds ?? "") &&
      (row.subject ?? call.subject) === call.subject &&
      (row.scenario ?? scenario) === scenario &&
      (row.errnos?.includes(errno) ?? true) &&
      (row.last !== true || all.findLast(({ text }) => text === call.text) === call),
  );
}

export function isMadeAgain(errno: number): boolean {
  return errno === INTR || errno === AGAIN;
}

/**
 * What confines the container from outside: its identity, devices and limits, and the seals of bunc-init. It must be done,
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

/** undefined: nothing. */
export const whatItConfines = (call: Call): string | undefined => confining.find(({ is }) => is(call))?.what;

/** All that {@link whatItConfines} knows. */
export const confinedFromOutside: readonly string[] = confining.map(({ what }) => what);

/** What its failure must be blamed on; undefined: on no member of the configuration. */
export function configPathOf({ subject, text }: Call): string | undefined {
  const writes = text.startsWith("write(") || text.includes("O_WRONLY");
  if (writes && text.includes("/uid_map")) return "linux.uidMappings";
  if (writes && text.includes("/gid_map")) return "linux.gidMappings";
  if (text.includes("/oom_score_adj")) return "process.oomScoreAdj";
  if (text.startsWith("prlimit64(")) return "process.rlimits[0]";
  if (text.startsWith("sched_setaffinity(")) return "process.execCPUAffinity.initial";
  if (text.includes("<route>") || text.startsWith("socket(AF_NETLINK")) return "linux.netDevices";
  if (subject === "run_hook") return "hooks.createRuntime[0]";
  if (text.includes("/pids.max")) return "linux.resources.pids.limit";
  if (text.includes("/memory.max") || text.includes("memory.limit_in_bytes"))
    return "linux.resources.memory.limit";
  return undefined;
}
