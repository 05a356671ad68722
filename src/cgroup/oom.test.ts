import { expect, test } from "bun:test";
import type { native } from "../native/call.ts";
import { oomKills, oomReport } from "./oom.ts";

/** A cgroup with these files. */
function cgroupWith(files: Record<string, string>): typeof native {
  const call = (_name: string, request: { groups: { files: string[] }[] }) => ({
    files: request.groups.flatMap((group) => group.files.map((file) => ({ text: files[file] ?? "" }))),
  });
  return call as unknown as typeof native;
}

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
    { "memory.events": "oom 3\noom_kill 0\noom_group_kill 0\n", "memory.events.local": "oom 3\n" },
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
  const call = cgroupWith(files);
  expect(oomReport(call, locations)).toEqual({ kills, limit });
  expect(oomKills(call, locations)).toBe(kills);
});
