import { expect, test } from "bun:test";
import { RuntimeError, type RuntimeErrorDetails } from "../errors.ts";
import { hostFacts } from "../host/host.ts";
import { diagnoseCgroup } from "./diagnosis.ts";
import type { CgroupDoctorFacts, CgroupLevel } from "./facts.ts";

const level = (path: string, controllers: string[], owner = 0): CgroupLevel => ({
  path,
  controllers,
  passedOn: controllers,
  owner,
});

function facts(euid: number, changes: Partial<CgroupDoctorFacts>): CgroupDoctorFacts {
  const host = hostFacts({
    release: "6.18.1",
    euid,
    egid: euid,
    cgroup_file_system: "cgroup2",
    self_cgroup: "0::/\n",
    mountinfo: "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    uid_map: "0 0 4294967295\n",
    gid_map: "0 0 4294967295\n",
    apparmor: "N\n",
  });
  const all = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma"];
  const cgroupPath = [level("/sys/fs/cgroup", all, euid)];
  const controllers = new Map(all.map((name) => [name, true]));
  return { host, cgroupPath, controllers, readOnlyCgroups: "", systemd: false, ...changes };
}

const pidsOnly = { cgroupPath: [level("/c", ["memory", "pids"]), level("/c/a", ["pids"])] };

type Row = [name: string, details: RuntimeErrorDetails, euid: number, Partial<CgroupDoctorFacts>, RegExp];

const table: Row[] = [
  ["nothing is wrong", { path: "/c/a/id/memory.max" }, 0, {}, /^$/],
  [
    "by the file",
    { path: "/c/a/id/memory.max" },
    0,
    pidsOnly,
    /^doctor: memory: stops at \/c, .*\+memory > \/c\//,
  ],
  [
    "by the config path",
    { subject: "linux.resources.blockIO.weight" },
    0,
    pidsOnly,
    /^doctor: io: the kernel does not have it/,
  ],
  ["another controller", { path: "/c/a/id/pids.max" }, 0, pidsOnly, /^$/],
  [
    "read-only",
    { path: "/c/id" },
    0,
    { readOnlyCgroups: "/c" },
    /^doctor: writable: \/c is mounted read-only; to mend it: mount -o remount,rw/,
  ],
  [
    "not delegated",
    { path: "/c/id" },
    1000,
    { cgroupPath: [level("/c", ["pids"])] },
    /^doctor: delegation: \/c belongs to uid 0; to mend it: chown/,
  ],
];

test.each(table)("%s", (_name, details, euid, changes, expected) => {
  expect(diagnoseCgroup(new RuntimeError("m", details), facts(euid, changes))).toMatch(expected);
});
