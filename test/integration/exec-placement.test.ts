/** Where a further process runs, and what a process that waits holds. */
import { expect } from "bun:test";
import { mkdirSync, readdirSync, readlinkSync, rmdirSync } from "node:fs";
import { cgroupsOf } from "../harness/leaks.ts";
import { buncOnly, cgroupV1, notIn, root } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const oldRunc = notIn("runc", "1.1.5 has its own words");

const mistakes: { title: string; cgroup: string; error: RegExp }[] = [
  { title: "above the container's", cgroup: "..", error: /bad sub cgroup path/ },
  { title: "above it in the end", cgroup: "a/../..", error: /bad sub cgroup path/ },
  { title: "one that is not there", cgroup: "nonexistent", error: / adding pid .*no such file or directory/ },
  { title: "a controller that is not there", cgroup: "whaaat:/", error: /unknown controller / },
];

for (const { title, cgroup, error } of mistakes) {
  scenario(`exec --cgroup: ${title}`, [root, oldRunc], async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    const { status, stderr } = await box.call(["exec", "--cgroup", cgroup, id, "/probe", "exit:0"]);
    expect(status).toBe(255);
    expect(unquoted(stderr)).toMatch(error);
  });
}

scenario("exec --cgroup /: the container's own", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const own = (await box.exec(id, ["read:/proc/1/cgroup"])).read("/proc/1/cgroup");
  const explicit = (await box.exec(id, ["read:/proc/self/cgroup"], ["--cgroup", "/"])).read(
    "/proc/self/cgroup",
  );
  expect(explicit).toBe(own);
});

scenario("exec --cgroup CONTROLLER:PATH moves that controller only", [root, cgroupV1], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const memory = cgroupsOf(id).find((path) => path.includes("/memory/")) ?? "";
  mkdirSync(`${memory}/sub`);
  const { data = "" } = (await box.exec(id, ["read:/proc/self/cgroup"], ["--cgroup", "memory:sub"])).get(
    "read:/proc/self/cgroup",
  );
  expect(data).toMatch(/:memory:.*\/sub\n/);
  expect(data).not.toMatch(/:pids:.*\/sub\n/);
  await until("the sub-cgroup is empty", () => {
    try {
      rmdirSync(`${memory}/sub`);
      return true;
    } catch {
      return undefined;
    }
  });
});

scenario("a created container holds no descriptor but those it waits with", [root, buncOnly], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  const { pid } = await box.state(id);
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const waiting = links.filter(
    (link) => !/^(\/$|\/dev\/null|socket:|anon_inode:\[signalfd\]|.*\/call-)/.test(link),
  );
  expect(waiting).toEqual([]);
});
