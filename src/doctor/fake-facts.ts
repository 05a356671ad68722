/** Facts of a machine on which everything is there, for tests to take parts away. */

import { fakeTexts } from "../host/fake-texts.ts";
import { hostFacts } from "../host/host.ts";
import { ERRNO, type FactsReply } from "../native/boundary.gen.ts";
import type { CgroupLevel, DoctorFacts } from "./facts.ts";

const texts: FactsReply = {
  ...fakeTexts,
  release: "6.18.1",
  self_cgroup: "0::/a.slice/b.scope\n",
  mountinfo:
    "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n40 23 0:40 / /sys/fs/selinux rw - selinuxfs selinuxfs rw\n",
  apparmor: "Y\n",
};

const CALLS =
  "openat2 clone3 pidfd_open pidfd_send_signal close_range memfd_create execveat open_tree move_mount fsopen fsconfig fsmount mount_setattr keyctl bpf";
export const calls = (changes: Record<string, number> = {}) =>
  CALLS.split(" ").map((name) => ({ name, errno: changes[name] ?? ERRNO.INVAL }));

export const ALL = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc"];
export const level = (path: string, controllers: string[], owner = 0): CgroupLevel => ({
  path,
  controllers,
  passedOn: controllers,
  owner,
});

export function facts(changes: Partial<DoctorFacts> = {}, host: Partial<FactsReply> = {}): DoctorFacts {
  return {
    host: hostFacts({ ...texts, ...host }),
    start: "image",
    calls: calls(),
    capabilities: (1n << 41n) - 1n,
    fileSystems: ["proc", "overlay"],
    namespaces: ["mnt", "pid", "net", "ipc", "uts", "user", "cgroup", "time"],
    cgroupPath: [level("/sys/fs/cgroup", ALL), level("/sys/fs/cgroup/a.slice", ALL)],
    readOnlyCgroups: "",
    controllers: new Map(ALL.map((name) => [name, true])),
    cgroupKill: true,
    pressure: true,
    securityModules: ["apparmor"],
    seccompActions: ["allow", "errno", "user_notif"],
    userNamespaces: { max: 1000, switchedOff: false, restrictedByApparmor: false },
    user: "u",
    subordinateIds: { uid: true, gid: true },
    programs: { newuidmap: "/n", newgidmap: "/g", criu: "/c", ps: "/p" },
    systemd: true,
    systemBus: "/run/dbus/system_bus_socket",
    userBus: "/run/user/1/bus",
    xdgRuntimeDirectory: "/run/user/1",
    nullDevice: true,
    ...changes,
  };
}
