import { expect, test } from "bun:test";
import { NativeError, RuntimeError } from "../failure/errors.ts";
import { failureOf } from "../failure/fake-failure.ts";
import { useCore } from "../native/fake-core.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import { fakeRecord, v2Host } from "../state/fake-state.ts";
import { failureExplainer } from "./failure-explainer.ts";

const config = { linux: { namespaces: new Map() }, mounts: [] } as unknown as ResolvedConfig;
const record = fakeRecord({ cgroup_paths: { "": "/sys/fs/cgroup/c" } });
const events = "oom 3\noom_kill 3\n";
const log = [
  "<4>[    9.1] a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
  "<6>[    9.1] memory: usage 16kB, limit 16kB, failcnt 9",
  "<6>[    9.1] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=c,mems_allowed=0,oom_memcg=/c,task_memcg=/c,task=a,pid=77,uid=0",
].join("\n");

/** What is said of a process of `exec` that has ended. */
function explained(earlierKills: number | undefined, text = ""): string {
  useCore({
    ...v2Host,
    cgroup_read: ({ groups }) => ({
      files: groups.flatMap(({ files }) => files.map(() => ({ errno: 0, text: events }))),
    }),
    kernel_log: () => ({ text, pids_are_ours: true }),
  });
  const failure = failureOf({ code: "died", op: "spawn", target: "77" });
  try {
    failureExplainer(
      config,
      record,
      earlierKills,
    )("exec", () => {
      throw new NativeError(new RuntimeError("died"), failure);
    });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("explained nothing");
}

const KILLED = "OOM-killed";

test("a kill that was counted since it began is the reason", () => {
  expect(explained(2)).toContain(KILLED);
});

test("kills from before it are not", () => {
  expect(explained(3)).toEndWith("spawn: the process ended unexpectedly");
});

test("if nobody counted before it, the kernel's log must name it", () => {
  expect(explained(undefined)).not.toContain(KILLED);
  expect(explained(undefined, log)).toContain(KILLED);
  expect(explained(undefined, log.replace("pid=77", "pid=78"))).not.toContain(KILLED);
});
