import { expect, test } from "bun:test";
import { useCore } from "../native/fake-core.ts";
import { watchOom } from "./oom-watch.ts";

/** What the core answers: first to the read, then to each watch. "!" before a text: with a notice. null: gone. */
function useTexts(texts: (string | null)[], ended = false, log = ""): void {
  let index = 0;
  const next = () => {
    const answer = texts[index++] ?? null;
    return {
      text: (answer ?? "").replace("!", ""),
      errno: answer === null ? 2 : 0,
      changed: true,
      notified: answer?.startsWith("!") ?? false,
      gone: answer === null,
    };
  };
  useCore({
    cgroup_read: () => ({ files: [next()] }),
    cgroup_watch: () => ({ files: [next()], process_ended: ended }),
    kernel_log: () => ({ text: log, pids_are_ours: true }),
  });
}

const v2 = [{ controller: "", mount: "/cg", path: "id" }];
const v1 = [
  { controller: "memory", mount: "/cg/memory", path: "id" },
  { controller: "devices", mount: "/cg/devices", path: "id" },
];
const events = (kills: number) => `low 0\nhigh 0\nmax 9\noom ${kills}\noom_kill ${kills}\noom_group_kill 0\n`;
const control = (disabled: number, under: number, kills: number) =>
  `oom_kill_disable ${disabled}\nunder_oom ${under}\noom_kill ${kills}\n`;

test.each([
  ["a kill", v2, [events(0), events(1)], [{ oom: true, ended: false }]],
  ["something else", v2, [events(1), `${events(1)}x 1\n`], [{ oom: false, ended: false }]],
  [
    "two kills, each told once",
    v2,
    [events(0), events(1), events(1), events(2)],
    [
      { oom: true, ended: false },
      { oom: false, ended: false },
      { oom: true, ended: false },
    ],
  ],
  ["the cgroup goes", v2, [events(0), null], [{ oom: false, ended: true }]],
  ["v1: a notice", v1, [control(0, 0, 0), `!${control(0, 1, 0)}`], [{ oom: true, ended: false }]],
  ["v1: a kill between two waits", v1, [control(0, 0, 0), control(0, 0, 1)], [{ oom: true, ended: false }]],
  [
    "v1: a notice and its kill are one event, the next kill another",
    v1,
    [control(0, 0, 0), `!${control(0, 1, 0)}`, control(0, 0, 1), control(0, 0, 2)],
    [
      { oom: true, ended: false },
      { oom: false, ended: false },
      { oom: true, ended: false },
    ],
  ],
  [
    "v1: without killer each notice is an event",
    v1,
    [control(1, 0, 0), `!${control(1, 1, 0)}`, control(1, 0, 0), `!${control(1, 1, 0)}`],
    [
      { oom: true, ended: false },
      { oom: false, ended: false },
      { oom: true, ended: false },
    ],
  ],
])("%s", (_name, locations, texts, expected) => {
  useTexts(texts);
  const awaitOom = watchOom(locations, 1);
  expect(expected.map(() => awaitOom(1000))).toEqual(expected);
});

const killed = (pid: number) =>
  [
    "<4>[    9.1] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
    `<6>[    9.1] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=id,mems_allowed=0,oom_memcg=/id,task_memcg=/id,task=a,pid=${pid},uid=0`,
  ].join("\n");
const gone = { oom: false, ended: true };

test("v2: the cgroup goes before its last kill was seen: the kernel's log has it", () => {
  useTexts([events(0), null], false, killed(1));
  expect(watchOom(v2, 1)(1000)).toEqual({ oom: true, ended: true });
  // Of another process than init.
  useTexts([events(0), null], false, killed(2));
  expect(watchOom(v2, 1)(1000)).toEqual(gone);
});

test("v2: a kill that was seen is not told again when the cgroup goes", () => {
  useTexts([events(0), events(1), null], false, killed(1));
  const awaitOom = watchOom(v2, 1);
  expect([awaitOom(1000), awaitOom(1000)]).toEqual([{ oom: true, ended: false }, gone]);
});

test("v1 gives notice before the kill, so its log tells nothing new", () => {
  useTexts([control(0, 0, 0), `!${control(0, 1, 0)}`, null], false, killed(1));
  const awaitOom = watchOom(v1, 1);
  expect([awaitOom(1000), awaitOom(1000)]).toEqual([{ oom: true, ended: false }, gone]);
});

test("the end of init is told", () => {
  useTexts([events(0), events(1)], true);
  expect(watchOom(v2, 1)(0)).toEqual({ oom: true, ended: true });
});

test("no memory cgroup, no watch", () => {
  expect(() => watchOom([], 1)).toThrow("memory controller missing");
});
