/** The memory of a container while it waits and runs, in which no part of Bun is left. */
import { expect } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { cgroupsOf, processesOf } from "../harness/leaks.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

function pssKib(pid: number): number {
  const line = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  return Number(line?.[1]);
}

const processesIn = (cgroup: string) =>
  readFileSync(`${cgroup}/cgroup.procs`, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);

scenario("the init that waits for start takes less than 1 MiB", [root, buncOnly], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  expect(pssKib((await box.state(id)).pid)).toBeLessThan(1024);
});

scenario("the waiting init executes a sealed memfd, not the runtime", [root, buncOnly], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  const { pid } = await box.state(id);
  expect(readlinkSync(`/proc/${pid}/exe`)).toMatch(/^\/memfd:.* \(deleted\)$/);
  const maps = readFileSync(`/proc/${pid}/maps`, "utf8");
  expect(maps).not.toMatch(/libbunc|\/bunc\b|libc|ld-/);
  expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/^Threads:\s+1$/m);
});

scenario("after start only the container's own process is in its cgroup", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const { pid } = await box.state(id);
  for (const cgroup of cgroupsOf(id)) expect([cgroup, processesIn(cgroup)]).toEqual([cgroup, [pid]]);
});

scenario(
  "while run is in the foreground, the runtime is outside of the container's cgroup and namespaces",
  [root],
  async (box) => {
    const id = box.id();
    const running = Bun.spawn(box.commandLine(["run", "--bundle", box.probe(["sleep"]).directory, id]), {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    const pid = await until("the container runs", async () => {
      const state = await box.call(["state", id]);
      if (state.status !== 0) return undefined;
      const { status, pid: init } = JSON.parse(state.stdout);
      return status === "running" ? (init as number) : undefined;
    });
    for (const cgroup of cgroupsOf(id)) expect(processesIn(cgroup)).toEqual([pid]);
    const namespace = readlinkSync(`/proc/${pid}/ns/mnt`);
    const inside = readdirSync("/proc").filter((entry) => {
      try {
        return /^\d+$/.test(entry) && readlinkSync(`/proc/${entry}/ns/mnt`) === namespace;
      } catch {
        return false;
      }
    });
    expect(inside).toEqual([String(pid)]);
    await box.must(["kill", id, "KILL"]);
    expect(await running.exited).toBe(137);
  },
);

scenario("no process of the runtime stays after run --detach", [root], async (box) => {
  const id = box.id();
  await box.must(["run", "--detach", "--bundle", box.probe(["sleep"]).directory, id]);
  const { pid } = await box.state(id);
  expect(processesOf(box.name)).toEqual([pid]);
});

scenario("create and delete in turn leave no process and no cgroup", [root], async (box) => {
  const bundle = box.probe(["fork:3", "sleep"]);
  for (let round = 0; round < 10; round++) {
    const id = round % 2 === 0 ? await box.create(bundle) : await box.started(bundle);
    await box.must(["delete", "--force", id]);
    expect([processesOf(id), cgroupsOf(id)]).toEqual([[], []]);
  }
});

scenario("twenty containers at once", [root], async (box) => {
  const bundle = box.probe(["sleep"]);
  const ids = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const id = box.id();
      await box.must(["run", "--detach", "--bundle", bundle.directory, id]);
      return id;
    }),
  );
  const listed = (await box.must(["list", "-q"])).stdout.trim().split("\n");
  expect(listed.toSorted()).toEqual(ids.toSorted());
  await Promise.all(ids.map((id) => box.must(["delete", "--force", id])));
});
