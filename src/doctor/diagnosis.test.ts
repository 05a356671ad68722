import { expect, test } from "bun:test";
import { RuntimeError, type RuntimeErrorDetails } from "../errors.ts";
import { diagnoseCgroup } from "./diagnosis.ts";
import type { CgroupDoctorFacts } from "./facts.ts";
import { facts, level } from "./fake-facts.ts";

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
  expect(
    diagnoseCgroup(new RuntimeError("m", details), facts({ systemd: false, ...changes }, { euid })),
  ).toMatch(expected);
});
