/** Which cgroups there are, and what this user may do with them. Pure. */

import { errnoName } from "../kernel/errno.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import type { CgroupDoctorFacts, DoctorFacts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";
import { isRefused } from "./kernel.ts";

/** Controllers by the limits that need them. v1 has its own names for two. */
const CONTROLLERS: readonly (readonly [v2: string, v1: string, without: string])[] = [
  ["cpu", "cpu", "cpu.shares and cpu.quota"],
  ["cpuset", "cpuset", "cpu.cpus and cpu.mems"],
  ["memory", "memory", "memory limits and OOM events"],
  ["pids", "pids", "pids.limit"],
  ["io", "blkio", "blockIO limits"],
  ["hugetlb", "hugetlb", "hugepageLimits"],
  ["rdma", "rdma", "rdma limits"],
];

/** All findings about cgroups. */
export function findCgroups(facts: DoctorFacts): Finding[] {
  return [
    ...findPlace(facts),
    ...(facts.host.cgroup.mode === "v2" ? findV2(facts) : findV1(facts)),
    finding("cgroups", "pressure", {
      ok: facts.pressure,
      found: facts.pressure ? "/proc/pressure" : "no /proc/pressure",
      without: "events has no psi members",
      fix: "boot with psi=1",
    }),
  ];
}

/** Whether a cgroup can be made in one place, and limited there. */
export function findPlace(facts: CgroupDoctorFacts): Finding[] {
  const { mode, hierarchies, v2MountPoint } = facts.host.cgroup;
  const isV2 = mode === "v2";
  const there = isV2 || hierarchies.some(({ controllers }) => controllers.includes("devices"));
  return [
    finding("cgroups", "mode", {
      ok: there,
      found: isV2 ? `v2 at ${v2MountPoint}` : `${mode} (${hierarchies.length} hierarchies of v1)`,
      without: "containers have no cgroups: no limits, no device rules, no pause, no kill --all",
      fix: "mount -t cgroup2 cgroup2 /sys/fs/cgroup, or use --cgroup-manager disabled",
      required: facts.host.euid === 0,
    }),
    finding("cgroups", "writable", {
      ok: facts.readOnlyCgroups === "",
      found:
        facts.readOnlyCgroups === ""
          ? "mounted to be written to"
          : `${facts.readOnlyCgroups} is mounted read-only`,
      without:
        "no cgroup can be made: a container runs in the cgroup of its caller, and one with limits is refused",
      fix: `mount -o remount,rw ${facts.readOnlyCgroups}; in a container: have it mounted writable from outside`,
      required: facts.host.euid === 0,
    }),
    ...CONTROLLERS.map(([v2, v1, without]) => findController(facts, isV2 ? v2 : v1, without)),
    isV2 ? findDelegation(facts) : findV1Delegation(facts),
  ];
}

function findController(facts: CgroupDoctorFacts, name: string, what: string): Finding {
  const { cgroup } = facts.host;
  const without = `${what} of linux.resources: a configuration that has them is refused`;
  if (cgroup.mode !== "v2") {
    const mounted = cgroup.hierarchies.find(({ controllers }) => controllers.includes(name));
    return finding("cgroups", name, {
      ok: mounted !== undefined,
      found: mounted?.mountPoint ?? "not mounted",
      without,
      fix: `mount -t cgroup -o ${name} ${name} /sys/fs/cgroup/${name}`,
    });
  }
  // Where a container's cgroup is made, and so the last that must pass the controller on.
  const last = facts.cgroupPath.at(-1);
  const ok = last?.controllers.includes(name) ?? false;
  const stopsAt = facts.cgroupPath.findIndex(({ controllers }) => !controllers.includes(name));
  const above = facts.cgroupPath[stopsAt - 1];
  const found = ok
    ? `in ${last?.path}`
    : above === undefined
      ? facts.controllers.get(name) === false
        ? "switched off at boot"
        : "the kernel does not have it, or a v1 hierarchy holds it"
      : `stops at ${above.path}, which does not pass it on`;
  return finding("cgroups", name, {
    ok,
    found,
    without,
    fix:
      above === undefined
        ? `boot with cgroup_enable=${name}, or a kernel that has it`
        : `echo +${name} > ${above.path}/cgroup.subtree_control${facts.systemd ? " (systemd: Delegate=yes)" : ""}`,
  });
}

/** v2 has no files for device rules, but an eBPF program. */
function findDeviceRules({ calls, host }: DoctorFacts): Finding {
  const errno = calls.find(({ name }) => name === "bpf")?.errno;
  // In a user namespace no device rules can be set.
  const ok = host.euid !== 0 || host.inUserNamespace || !isRefused(errno, host.euid);
  return finding("cgroups", "device rules", {
    ok,
    found: ok ? "bpf" : `bpf: ${errnoName(errno ?? ERRNO.NOSYS)}`,
    without: "the device rules that every container has cannot be set, and create fails",
    fix: "a kernel built with CONFIG_CGROUP_BPF; inside of a container: allow bpf(2) and CAP_BPF or CAP_SYS_ADMIN",
    required: true,
  });
}

const NOT_DELEGATED = "containers of this user have no cgroup of their own: no limits, no pause, no ps";

/** Who owns the cgroup below which a container's is made. */
function findDelegation(facts: CgroupDoctorFacts): Finding {
  const { euid } = facts.host;
  const last = facts.cgroupPath.at(-1);
  const ok = euid === 0 || last?.owner === euid;
  const owner = last === undefined || last.owner === -1 ? "an unknown user" : `uid ${last.owner}`;
  return finding("cgroups", "delegation", {
    ok,
    found: `${last?.path ?? "the parent of our cgroup"} belongs to ${owner}`,
    without: NOT_DELEGATED,
    fix: facts.systemd
      ? "use --systemd-cgroup in a user session, or run in a unit with Delegate=yes (systemd-run --user --scope -p Delegate=yes)"
      : `chown the cgroup and its cgroup.procs, cgroup.subtree_control to uid ${euid}`,
  });
}

function findV1Delegation({ host }: CgroupDoctorFacts): Finding {
  const isRoot = host.euid === 0;
  return finding("cgroups", "delegation", {
    ok: isRoot,
    found: isRoot ? "root needs none" : "v1 hierarchies belong to root",
    without: NOT_DELEGATED,
    fix: "boot with cgroup v2: only that can be delegated safely",
  });
}

function findV2(facts: DoctorFacts): Finding[] {
  return [
    findDeviceRules(facts),
    finding("cgroups", "cgroup.kill", {
      ok: facts.cgroupKill,
      found: facts.cgroupKill ? "there" : "no such file in our cgroup (the root has none)",
      without: "kill --all and delete signal processes one by one",
      fix: "a kernel of 5.14 or newer",
    }),
  ];
}

function findV1({ host }: DoctorFacts): Finding[] {
  const has = (name: string) => host.cgroup.hierarchies.some(({ controllers }) => controllers.includes(name));
  return [
    finding("cgroups", "freezer", {
      ok: has("freezer"),
      found: has("freezer") ? "mounted" : "not mounted",
      without: "pause and resume",
      fix: "mount -t cgroup -o freezer freezer /sys/fs/cgroup/freezer",
    }),
    finding("cgroups", "unified", {
      ok: false,
      found: `cgroup ${host.cgroup.mode}`,
      without: "linux.resources.unified, rootless limits and io limits of buffered writes need cgroup v2",
      fix: "boot with systemd.unified_cgroup_hierarchy=1 or cgroup_no_v1=all",
    }),
  ];
}
