/** `events`: statistics and OOM events, in the format that go-runc, containerd and Docker parse. */
import { expect } from "bun:test";
import { type Requirement, root } from "../harness/requirements.ts";
import { isBunc } from "../harness/runtime.ts";
import { type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const lines = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { type: string; id: string; data?: Record<string, never> });

scenario("events --stats: one line, members in runc's order", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const { stdout, stderr } = await box.must(["events", "--stats", id]);
  expect(stderr).toBe("");
  expect(stdout.startsWith(`{"type":"stats","id":"${id}","data":{"cpu":{"usage":{"total":`)).toBe(true);
  const [event, ...more] = lines(stdout);
  expect(more).toEqual([]);
  expect(Object.keys(event?.data ?? {})).toEqual([
    "cpu",
    "cpuset",
    "memory",
    "pids",
    "blkio",
    "hugetlb",
    "intel_rdt",
    "network_interfaces",
  ]);
});

scenario("events --stats shows the limits", [root], async (box) => {
  const bundle = box.probe(["sleep"], (config) => {
    config.linux.resources = { memory: { limit: 33554432 }, pids: { limit: 17 } };
  });
  const id = await box.started(bundle);
  const [event] = lines((await box.must(["events", "--stats", id])).stdout);
  expect(event).toMatchObject({
    data: { memory: { usage: { limit: 33554432 } }, pids: { current: 1, limit: 17 } },
  });
});

/** Runs `events` in the background. → functions for its output so far, and for stopping it. */
function follow(box: Sandbox, id: string, interval: string) {
  const child = Bun.spawn(box.commandLine(["events", "--interval", interval, id]), {
    stdin: "ignore",
    stdout: Bun.file(box.path("events.stdout")),
    stderr: Bun.file(box.path("events.stderr")),
  });
  return {
    events: async () => lines(await Bun.file(box.path("events.stdout")).text()),
    child,
  };
}

scenario("events: statistics at every interval, and an end with the container", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const { events, child } = follow(box, id, "50ms");
  await until("there are three statistics", async () => {
    const now = await events();
    return now.length >= 3 ? now : undefined;
  });
  await box.must(["kill", id, "KILL"]);
  if (isBunc) expect(await child.exited).toBe(0);
  else {
    // runc 1.1 keeps waiting until the cgroup is removed.
    await box.must(["delete", "--force", id]);
    expect(await child.exited).toBe(0);
  }
  expect((await events()).every(({ type, id: of }) => type === "stats" && of === id)).toBe(true);
});

/** Newer kernels list in /proc/cgroups only the controllers that v1 can have. */
const memoryLimits: Requirement = () =>
  Bun.spawnSync(["grep", "-qsw", "memory", "/proc/cgroups", "/sys/fs/cgroup/cgroup.controllers"]).success
    ? null
    : "the kernel has no memory cgroups";

scenario("events: an OOM kill is told", [root, memoryLimits], async (box) => {
  const bundle = box.probe(["wait-signal:USR1", "eat:200", "sleep"], (config) => {
    config.linux.resources = { memory: { limit: 16777216, swap: 16777216 } };
  });
  const id = await box.started(bundle);
  const { events, child } = follow(box, id, "500ms");
  // By then it watches for OOM kills, too.
  await until("there are statistics", async () => (await events()).length > 0 || undefined);
  await box.must(["kill", id, "USR1"]);
  await box.waitFor(id, "stopped");
  if (!isBunc) await box.must(["delete", "--force", id]);
  expect(await child.exited).toBe(0);
  expect((await events()).filter(({ type }) => type !== "stats")).toEqual([{ type: "oom", id }]);
  expect(await Bun.file(box.path("events.stdout")).text()).toContain(`\n{"type":"oom","id":"${id}"}\n`);
});

scenario("events: what cannot be", [root], async (box) => {
  expect((await box.call(["events", "--stats", `${box.name}-none`])).stderr).toContain(
    "container does not exist",
  );
  const id = await box.create(box.probe(["sleep"]));
  for (const interval of ["0s", "-1s", "5", "x"]) {
    expect([interval, (await box.call(["events", "--interval", interval, id])).status]).toEqual([
      interval,
      1,
    ]);
  }
  await box.must(["kill", id, "KILL"]);
  await box.waitFor(id, "stopped");
  const stopped = await box.call(["events", "--stats", id]);
  expect([stopped.status, stopped.stdout]).toEqual([1, ""]);
  expect(stopped.stderr).toContain(`container with id ${id} is not running`);
});
