import { expect, test } from "bun:test";
import { ERRNO } from "../native/boundary.gen.ts";
import { useCore } from "../native/fake-core.ts";
import { oomKills } from "./oom.ts";
import { oomReport } from "./oom-report.ts";

/** A cgroup with these files, on a host with this log. */
function useHost(files: Record<string, string>, log = "", pidsAreOurs = true): void {
  const textOf = (file: string) => ({
    text: files[file] ?? "",
    errno: files[file] === undefined ? ERRNO.NOENT : 0,
  });
  useCore({
    kernel_log: () => ({ text: log, pids_are_ours: pidsAreOurs }),
    cgroup_read: ({ groups }) => ({ files: groups.flatMap((group) => group.files.map(textOf)) }),
  });
}

const ended = { pid: 77, earlierKills: 0 };

const v2 = [{ controller: "", mount: "/c", path: "id" }];
const v1 = [{ controller: "memory", mount: "/c/memory", path: "id" }];

type Row = [name: string, locations: typeof v1, files: Record<string, string>, kills: number, limit: string];

test.each<Row>([
  [
    "v2: its own limit",
    v2,
    { "memory.events": "oom 1\noom_kill 2\n", "memory.events.local": "oom 1\n", "memory.max": "4096\n" },
    2,
    "4096",
  ],
  [
    "v2: a limit further up",
    v2,
    {
      "memory.events": "oom 0\noom_kill 1\n",
      "memory.events.local": "oom 0\noom_kill 1\n",
      "memory.max": "4096\n",
    },
    1,
    "",
  ],
  [
    "v2: a limit further down",
    v2,
    { "memory.events": "oom 1\noom_kill 1\n", "memory.events.local": "oom 0\n", "memory.max": "max\n" },
    1,
    "",
  ],
  [
    "v2: nothing",
    v2,
    {
      "memory.events": "oom 3\noom_kill 0\noom_group_kill 0\n",
      "memory.events.local": "oom 3\n",
      "memory.max": "4096\n",
    },
    0,
    "",
  ],
  [
    "v1: its limit of memory",
    v1,
    {
      "memory.oom_control": "under_oom 0\noom_kill 1\n",
      "memory.failcnt": "7\n",
      "memory.limit_in_bytes": "4096\n",
    },
    1,
    "4096",
  ],
  [
    "v1: its limit with swap",
    v1,
    {
      "memory.oom_control": "oom_kill 1\n",
      "memory.failcnt": "0\n",
      "memory.memsw.failcnt": "7\n",
      "memory.memsw.limit_in_bytes": "8192\n",
    },
    1,
    "8192",
  ],
  ["v1: a limit further up", v1, { "memory.oom_control": "oom_kill 1\n", "memory.failcnt": "0\n" }, 1, ""],
  [
    "v1: both limits, uncounted",
    v1,
    {
      "memory.oom_control": "oom_kill 1\n",
      "memory.failcnt": "0\n",
      "memory.max_usage_in_bytes": "33400000\n",
      "memory.limit_in_bytes": "33554432\n",
    },
    1,
    "33554432",
  ],
  [
    "v1: no limit",
    v1,
    {
      "memory.oom_control": "oom_kill 1\n",
      "memory.failcnt": "0\n",
      "memory.max_usage_in_bytes": "33400000\n",
      "memory.limit_in_bytes": "9223372036854771712\n",
    },
    1,
    "",
  ],
  ["no cgroup of memory", [], {}, 0, ""],
])("%s", (_name, locations, files, kills, limit) => {
  useHost(files);
  expect(oomReport(locations, ended)).toEqual({ kills, limit });
  expect(oomKills(locations)).toBe(kills);
});

const both = {
  "memory.events": "oom 3\noom_kill 3\n",
  "memory.events.local": "oom 3\n",
  "memory.max": "4096\n",
};

test("kills from before are not reported again", () => {
  useHost(both);
  expect(oomReport(v2, { pid: 77, earlierKills: 2 })).toEqual({ kills: 1, limit: "4096" });
  useHost(both);
  expect(oomReport(v2, { pid: 77, earlierKills: 3 }).kills).toBe(0);
});

const log = [
  "<4>[    9.1] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
  "<6>[    9.1] memory: usage 16kB, limit 16kB, failcnt 9",
  "<6>[    9.1] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=id,mems_allowed=0,oom_memcg=/id,task_memcg=/id,task=a,pid=77,uid=0",
].join("\n");

test.each([
  ["v2", v2],
  ["v1", v1],
])("%s: a cgroup that is gone: what the kernel has logged", (_name, locations) => {
  useHost({}, log);
  expect(oomReport(locations, ended)).toEqual({ kills: 1, limit: "16384" });
  useHost({}, log);
  expect(oomReport(locations, { pid: 78, earlierKills: 0 }).kills).toBe(0);
  // Kills that were counted before went with the cgroup.
  useHost({}, log);
  expect(oomReport(locations, { pid: 77, earlierKills: 5 }).kills).toBe(1);
});

test("v2: a cgroup that goes away while it is looked at", () => {
  const { "memory.events": events } = both;
  useHost({ "memory.events": events }, log);
  expect(oomReport(v2, ended).limit).toBe("16384");
});

test("a log with the pids of another namespace tells nothing", () => {
  useHost({}, log, false);
  expect(oomReport(v2, ended).kills).toBe(0);
});
