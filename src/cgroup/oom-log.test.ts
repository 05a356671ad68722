import { expect, test } from "bun:test";
import { findOomKill } from "./oom-log.ts";

const SCOPE = "system.slice/runc-a.scope";

interface Kill {
  pid?: number;
  /** Cgroup whose limit was reached; "": none. */
  limited?: string;
  cgroup?: string;
  /** The usage and limit of memory, in KiB. */
  memory?: readonly [usage: number, limit: number];
  name?: string;
  more?: readonly string[];
}

const line = (text: string, level = 6) => `<${level}>[  187.251763] ${text}`;

/** As the kernel writes it, without its tables. */
function record(kill: Kill = {}): string[] {
  const {
    pid = 77,
    limited = `/${SCOPE}`,
    cgroup = `/${SCOPE}`,
    memory = [16, 16],
    name = "bunc-init",
  } = kill;
  const place = limited === "" ? "global_oom" : `oom_memcg=${limited}`;
  const constraint = limited === "" ? "CONSTRAINT_NONE" : "CONSTRAINT_MEMCG";
  return [
    line(`${name} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0`, 4),
    line(`memory: usage ${memory[0]}kB, limit ${memory[1]}kB, failcnt 25`),
    line("swap: usage 0kB, limit 0kB, failcnt 0"),
    line("Memory cgroup stats for /system.slice/runc-a.scope:"),
    line(
      `oom-kill:constraint=${constraint},nodemask=(null),cpuset=runc-a.scope,mems_allowed=0,${place},task_memcg=${cgroup},task=${name},pid=${pid},uid=0`,
    ),
    ...(kill.more ?? []),
    line(`Memory cgroup out of memory: Killed process ${pid} (${name}) total-vm:4kB, anon-rss:0kB`, 3),
  ];
}

const group = [
  line(`Tasks in /${SCOPE} are going to be killed due to memory.oom.group set`),
  line("Memory cgroup out of memory: Killed process 77 (a) total-vm:4kB", 3),
];

test.each<[string, string[], ReturnType<typeof findOomKill>]>([
  ["its own limit", record(), { kills: 1, limit: "16384" }],
  [
    "among others",
    [...record({ pid: 7 }), ...record(), ...record({ pid: 777 })],
    { kills: 1, limit: "16384" },
  ],
  [
    "the last one",
    [...record({ memory: [4, 4] }), ...record({ memory: [8, 8] })],
    { kills: 1, limit: "8192" },
  ],
  ["a limit further up", record({ limited: "/system.slice" }), { kills: 1, limit: "" }],
  ["the whole machine", record({ limited: "" }), { kills: 1, limit: "" }],
  [
    "in a cgroup below it",
    record({ cgroup: `/${SCOPE}/inner`, limited: `/${SCOPE}/inner` }),
    { kills: 1, limit: "" },
  ],
  [
    "seen from a cgroup namespace",
    record({ cgroup: `/docker/1/${SCOPE}`, limited: `/docker/1/${SCOPE}` }),
    { kills: 1, limit: "16384" },
  ],
  ["usage a batch below", record({ memory: [32_600, 32_768] }), { kills: 1, limit: "33554432" }],
  [
    "v1: the limit with swap",
    record({ memory: [1024, 9007199254740988] }).toSpliced(
      2,
      1,
      line("memory+swap: usage 2048kB, limit 2048kB"),
    ),
    { kills: 1, limit: "2097152" },
  ],
  [
    "all of the group, this one not the first",
    record({ pid: 76, more: group }),
    { kills: 2, limit: "16384" },
  ],
  ["a name with commas", record({ name: "a,pid=7,uid=0" }), { kills: 1, limit: "16384" }],
  ["nothing", [line("device eth0 entered promiscuous mode")], undefined],
  ["another process", record({ pid: 777 }), undefined],
  ["another process, with a name like it", record({ pid: 7, name: "x,pid=77" }), undefined],
  ["another cgroup", record({ cgroup: "/system.slice/other-runc-a.scope" }), undefined],
  ["without the kernel's record", record().slice(-1), undefined],
  ["written by a program", record().map((text) => text.replace(/^<./, "<12")), undefined],
])("%s", (_name, lines, expected) => {
  expect(findOomKill(lines.join("\n"), 77, SCOPE)).toEqual(expected);
});
