import { describe, expect, test } from "bun:test";
import { RuntimeError, type RuntimeErrorDetails } from "../failure/errors.ts";
import { errnoNumber } from "../kernel/errno.ts";
import { diagnoseCgroup, type RefusedCgroup } from "./diagnosis.ts";
import type { CgroupDoctorFacts } from "./facts.ts";
import { facts, level } from "./fake-facts.ts";

const pidsOnly = { cgroupPath: [level("/c", ["memory", "pids"]), level("/c/a", ["pids"])] };
const notOurs = { cgroupPath: [level("/c", ["pids"])] };
const readOnly = { readOnlyCgroups: "/c" };
const own = (controllers: string[], files: string[] = ["cgroup.procs"]) => ({
  controllers,
  files,
  passedOn: [],
});
const nothing: RefusedCgroup = { controllers: [], files: [], passedOn: [] };

/** Everything is wrong with this place: only what explains the error may be told. */
const bad = { ...pidsOnly, ...readOnly };

interface Row {
  name: string;
  error: Omit<RuntimeErrorDetails, "errno"> & { errno?: string };
  euid?: number;
  place?: Partial<CgroupDoctorFacts>;
  refused?: RefusedCgroup;
  hint: RegExp;
}

const memory = { path: "/c/a/id/memory.max", subject: "linux.resources.memory.limit" };
const huge = { path: "/c/id/hugetlb.3MB.max", subject: "linux.resources.hugepageLimits[0]" };

const causes: Row[] = [
  {
    name: "a controller that a cgroup above does not pass on",
    error: { ...memory, errno: "ENOENT" },
    place: pidsOnly,
    refused: own(["pids"]),
    hint: /^doctor: memory: stops at \/c, .*\+memory > \/c\//,
  },
  {
    name: "a size of huge pages that there is not",
    error: { ...huge, errno: "ENOENT" },
    place: bad,
    refused: own(["hugetlb"], ["hugetlb.2MB.max", "hugetlb.2MB.current", "hugetlb.1GB.max"]),
    hint: /^the sizes of huge pages here: 1GB, 2MB$/,
  },
  {
    name: "the same on v1",
    error: { ...huge, path: "/c/id/hugetlb.3MB.limit_in_bytes", errno: "ENOENT" },
    refused: own([], ["hugetlb.2MB.limit_in_bytes"]),
    hint: /^the sizes of huge pages here: 2MB$/,
  },
  {
    name: "a file that the kernel does not have, of a controller that is there",
    error: { path: "/c/id/io.bfq.weight", errno: "ENOENT" },
    place: bad,
    refused: own(["io"], ["io.max"]),
    hint: /^the io controller is there, but this kernel has no io\.bfq\.weight$/,
  },
  {
    name: "a limit without a cgroup, for want of its controller",
    error: { subject: "linux.resources.blockIO.weight" },
    place: pidsOnly,
    hint: /^doctor: io: the kernel does not have it/,
  },
  {
    name: "a limit without a cgroup, for want of delegation",
    error: { subject: "linux.resources.pids.limit" },
    euid: 1000,
    place: notOurs,
    hint: /^doctor: delegation: /,
  },
  {
    name: "read-only",
    error: { path: "/c/id", errno: "EROFS" },
    place: readOnly,
    hint: /^doctor: writable: \/c is mounted read-only; to fix it: mount -o remount,rw/,
  },
  {
    name: "not delegated",
    error: { path: "/c/id", errno: "EACCES" },
    euid: 1000,
    place: notOurs,
    hint: /^doctor: delegation: \/c belongs to uid 0; to fix it: chown/,
  },
  {
    name: "a cgroup that passes controllers on",
    error: { path: "/c/id", errno: "EBUSY" },
    refused: { ...own(["pids"]), passedOn: ["pids", "cpu"] },
    hint: /^the cgroup enables controllers for its children \(pids cpu\)/,
  },
];

const nearMisses: Row[] = [
  { name: "nothing is wrong", error: { ...memory, errno: "ENOENT" }, refused: own(["pids"]), hint: /^$/ },
  ...["EINVAL", "ERANGE", "ENOSPC", "EIO", "EOPNOTSUPP", "ENODEV"].map((errno) => ({
    name: `the value was refused: ${errno}`,
    error: { ...memory, errno },
    euid: 1000,
    place: bad,
    refused: own([]),
    hint: /^$/,
  })),
  {
    name: "another controller is the one that is missing",
    error: { path: "/c/a/id/pids.max", errno: "ENOENT" },
    place: pidsOnly,
    refused: own([]),
    hint: /^$/,
  },
  {
    name: "not permitted, to root",
    error: { ...memory, errno: "EPERM" },
    place: bad,
    refused: own(["pids"]),
    hint: /^$/,
  },
  {
    name: "not permitted, in a cgroup of the user's",
    error: { ...memory, errno: "EACCES" },
    euid: 1000,
    place: { cgroupPath: [level("/c", [], 1000)] },
    hint: /^$/,
  },
  {
    name: "read-only, but not that mount",
    error: { path: "/c/id", errno: "EROFS" },
    place: pidsOnly,
    hint: /^$/,
  },
  {
    name: "busy for another reason",
    error: { path: "/c/id", errno: "EBUSY" },
    place: bad,
    refused: own([]),
    hint: /^$/,
  },
  {
    name: "the cgroup is gone",
    error: { ...memory, errno: "ENOENT" },
    place: bad,
    refused: nothing,
    hint: /^$/,
  },
  { name: "no limit", error: { path: "/c/id" }, euid: 1000, place: notOurs, hint: /^$/ },
  {
    name: "a file of every cgroup",
    error: { path: "/c/id/cgroup.freeze", errno: "ENOENT" },
    place: bad,
    refused: own([]),
    hint: /^$/,
  },
];

const hintOf = ({ error, euid = 0, place = {}, refused = nothing }: Row) => {
  const { errno, ...details } = error;
  const number = errno === undefined ? undefined : errnoNumber(errno);
  return diagnoseCgroup(
    new RuntimeError("m", { ...details, errno: number }),
    facts({ systemd: false, ...place }, { euid }),
    refused,
  );
};

describe("a cause that was seen is told", () => {
  test.each(causes.map((row) => [row.name, row] as const))("%s", (_name, row) => {
    expect(hintOf(row)).toMatch(row.hint);
  });
});

describe("a near miss is not", () => {
  test.each(nearMisses.map((row) => [row.name, row] as const))("%s", (_name, row) => {
    expect(hintOf(row)).toBe("");
  });
});
