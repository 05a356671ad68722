/** A container with a writable cgroup can make any number and depth of cgroups below it: all are removed with it. */
import { expect } from "bun:test";
import { cgroupsOf } from "../harness/leaks.ts";
import { probePath } from "../harness/probe.ts";
import { notIn, root } from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** A running container's cgroup in the cgroup v2 hierarchy, where cgroups cost the least. */
async function runningWithCgroup(box: Sandbox): Promise<{ id: string; directory: string }> {
  const id = await box.started(box.probe(["sleep"]));
  const found = cgroupsOf(id);
  const directory = found.find((path) => path.includes("/unified/")) ?? found[0];
  if (directory === undefined) throw new Error(`no cgroup of ${id}`);
  return { id, directory };
}

const deepName = "d".repeat(250);

const byPath = notIn("runc", "it removes by path");
scenario("cgroups nested until no path reaches them", [root, byPath], async (box) => {
  const { id, directory } = await runningWithCgroup(box);
  const levels = Array.from({ length: 40 }, () => [`mkdir:${deepName}`, `chdir:${deepName}`]).flat();
  const made = Bun.spawnSync([probePath(), ...levels], { cwd: directory });
  expect(made.exitCode).toBe(0);
  expect(made.stdout.toString()).not.toMatch(/"errno":"(?!ok)/);
  await box.must(["kill", id, "KILL"]);
  await box.must(["delete", "--force", id]);
  expect(cgroupsOf(id)).toEqual([]);
});

scenario("more than 65536 cgroups below the container's", [root], async (box) => {
  const { id, directory } = await runningWithCgroup(box);
  const made = Bun.spawnSync(["sh", "-c", "seq 66000 | xargs mkdir"], { cwd: directory });
  expect(made.exitCode).toBe(0);
  await box.must(["delete", "--force", id]);
  expect(cgroupsOf(id)).toEqual([]);
});
