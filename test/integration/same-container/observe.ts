/** The probe's actions in every variation, and the conversion of its answers into comparable facts. */
import { readlinkSync } from "node:fs";
import type { MountEntry } from "../../harness/mountinfo.ts";
import { Report } from "../../harness/probe.ts";
import type { Result } from "../../harness/runtime.ts";
import type { Sandbox } from "../../harness/sandbox.ts";

/** Field → value; fields are named by their origin. */
export type Facts = Record<string, unknown>;

const devices = [
  ...[
    "null",
    "zero",
    "full",
    "random",
    "urandom",
    "tty",
    "console",
    "ptmx",
    "fd",
    "stdin",
    "stdout",
    "stderr",
  ],
  ...["core", "pts", "shm", "mqueue", "pts/ptmx"],
].map((name) => `/dev/${name}`);

const files = [
  "/proc/self/mountinfo",
  "/proc/self/status",
  "/proc/self/cgroup",
  "/proc/self/uid_map",
  "/proc/self/gid_map",
  "/proc/self/setgroups",
  "/proc/self/oom_score_adj",
  "/proc/self/coredump_filter",
  "/proc/self/loginuid",
  "/proc/self/attr/current",
  "/proc/self/timens_offsets",
  "/proc/self/comm",
  "/proc/sys/kernel/hostname",
  "/proc/sys/kernel/domainname",
  "/proc/sys/net/ipv4/ip_forward",
  "/proc/sys/net/ipv4/ping_group_range",
  "/proc/sys/net/ipv4/ip_unprivileged_port_start",
  "/proc/sys/kernel/shm_rmid_forced",
  "/proc/net/dev",
  "/proc/keys",
  "/proc/timer_list",
];

const attempts = [
  "create:/root-attempt=x",
  "create:/dev/attempt=x",
  "create:/dev/shm/attempt=x",
  "write:/proc/sys/kernel/hostname=x",
  "write:/proc/sysrq-trigger=",
  "open:/sys/kernel/uevent_helper",
  "open:/dev/null",
  "open:/dev/zero",
  "mknod:/dev/attempt-node,c,1,3",
  "mknod:/dev/kmsg-node,c,1,11",
  "open:/dev/kmsg-node",
  "mount:tmpfs,/dev/shm",
  "hostname:attempt",
  "connect:@no-such-socket",
];

export const observations = [
  "self",
  "namespaces",
  ...devices.flatMap((path) => [`stat:${path}`, `link:${path}`]),
  ...files.map((path) => `read:${path}`),
  ...["/", "/dev", "/dev/pts", "/proc/sys/net", "/sys", "/sys/fs/cgroup", "/proc/self/fd"].map(
    (path) => `list:${path}`,
  ),
  ...["/", "/proc", "/sys", "/probe", "/dev"].map((path) => `stat:${path}`),
  ...attempts,
];

/** The fields of /proc/self/status that a runtime decides. */
const statusFields = [
  ...[
    "Name",
    "Umask",
    "State",
    "NStgid",
    "NSpid",
    "NSpgid",
    "NSsid",
    "Uid",
    "Gid",
    "Groups",
    "FDSize",
    "Threads",
  ],
  ...["SigPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs"],
  ...["Seccomp", "Seccomp_filters", "Cpus_allowed_list", "Mems_allowed_list", "TracerPid", "CoreDumping"],
];

/** Numbers that the kernel assigns anew each time. */
function mountFact(entry: MountEntry, clean: (text: string) => string) {
  return {
    root: clean(entry.root),
    options: entry.options.toSorted(),
    propagation: entry.propagation.map((field) => field.split(":")[0]),
    type: entry.type,
    source: clean(entry.source),
    superOptions: entry.superOptions.map(clean).toSorted(),
  };
}

export function observe(result: Result, box: Sandbox): Facts {
  const clean = (text: string) =>
    text.replaceAll(box.directory, "SANDBOX").replaceAll(new RegExp(`${box.name}-\\d+`, "g"), "ID");
  const facts: Facts = { status: result.status };
  if (result.status !== 0 && !result.stdout.includes("[{")) return facts;
  const report = new Report(result.stdout);

  const { sessionKeyring, fds, ...self } = report.self;
  for (const [name, value] of Object.entries(self)) facts[`self.${name}`] = value;
  facts["self.sessionKeyring.description"] = clean(sessionKeyring.description ?? sessionKeyring.errno);
  facts["self.fds"] = fds.map(({ fd, closeOnExec, statusFlags }) => ({ fd, closeOnExec, statusFlags }));

  for (const [type, link] of Object.entries(report.namespaces)) {
    facts[`namespaces.${type}`] = link === readlinkSync(`/proc/self/ns/${type}`) ? "the host's" : "its own";
  }

  const pidFields = ["self.pid", "self.ppid", "self.pgid", "self.sid"];
  const namespacePids = ["status.NStgid", "status.NSpid", "status.NSpgid", "status.NSsid"];
  for (const answer of report.answers) {
    const [verb, path] = [answer.action.split(":")[0], answer.action.slice(answer.action.indexOf(":") + 1)];
    if (verb === "stat") {
      const { action: _, inode: _inode, onMajor: _major, onMinor: _minor, size: _size, ...rest } = answer;
      facts[answer.action] = rest;
    } else if (verb === "read") readFact(facts, path, answer.data, answer.errno, report, clean);
    else if (verb === "list") {
      const entries = answer.entries?.filter((name) => !cgroupOfOthers(facts, path, name));
      facts[answer.action] = entries?.toSorted() ?? answer.errno;
    } else if (verb === "link") facts[answer.action] = clean(answer.target ?? answer.errno ?? "");
    else if (verb !== "self" && verb !== "namespaces") {
      facts[answer.action] = { errno: answer.errno, data: answer.data };
    }
  }
  if (facts["namespaces.pid"] === "the host's") {
    for (const field of [...pidFields, ...namespacePids]) {
      facts[field] = Number(facts[field]) > 1 ? "a pid of the host" : facts[field];
    }
  }
  return facts;
}

/**
 * Without a cgroup namespace the container may see the host's root cgroup, where other programs make and remove cgroups: only
 * names that begin with that of a controller are compared.
 */
const cgroupOfOthers = (facts: Facts, directory: string, name: string): boolean =>
  directory === "/sys/fs/cgroup" && facts["namespaces.cgroup"] === "the host's" && !ofTheKernel.test(name);

/** A cgroup v2 file, or a v1 hierarchy. */
const ofTheKernel =
  /^(blkio|cgroup|cpu|cpuacct|cpuset|devices|dmem|freezer|hugetlb|io|irq|memory|misc|net_cls|net_prio|perf_event|pids|rdma|systemd|unified)\b/;

function readFact(
  facts: Facts,
  path: string,
  data: string | undefined,
  errno: string | undefined,
  report: Report,
  clean: (text: string) => string,
): void {
  if (path === "/proc/self/mountinfo" && data !== undefined) {
    const byTarget = Map.groupBy(report.mounts, (entry) => entry.target);
    for (const [target, stack] of byTarget) {
      facts[`mount ${clean(target)}`] = stack.map((entry) => mountFact(entry, clean));
    }
  } else if (path === "/proc/self/status" && data !== undefined) {
    for (const line of data.split("\n")) {
      const [name = "", value = ""] = line.split(":");
      if (statusFields.includes(name)) facts[`status.${name}`] = value.trim();
    }
  } else if (["/proc/keys", "/proc/timer_list"].includes(path) && data !== undefined) {
    facts[`read:${path}`] = data === "" ? "empty" : "the kernel's";
  } else if (path === "/proc/net/dev" && data !== undefined) {
    // Counters change, so only the devices are compared.
    facts["network devices"] = [...data.matchAll(/^\s*(\S+):/gm)].map((match) => match[1]).sort();
  } else facts[`read:${path}`] = data === undefined ? errno : clean(data);
}
