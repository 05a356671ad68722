/** Cgroups are found by processes and names, whatever the number of other cgroups. */
import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { cgroupFile } from "./cgroup-file.ts";
import { hierarchies, removeCgroupTrees } from "./cgroup-hierarchies.ts";
import { cgroupsOf } from "./leaks.ts";
import { root } from "./requirements.ts";
import { Sandbox, until } from "./sandbox.ts";
import { scenario } from "./scenario.ts";

/** A hierarchy in which a new cgroup accepts processes without further set-up. */
function mountPoint(): string {
  const found = hierarchies().find(({ controllers }) => !controllers.includes("cpuset"));
  if (found === undefined) throw new Error("no hierarchy is mounted");
  return found.mountPoint;
}

scenario(
  "a file of a container's cgroup, next to cgroups of containers with longer ids",
  [root],
  async (box) => {
    const ids = [box.id(), `${box.name}-01`];
    const processes = ids.map((id) => {
      const below = `${mountPoint()}/${id}/below`;
      mkdirSync(below, { recursive: true });
      const process = Bun.spawn(["sleep", "1000"]);
      writeFileSync(`${below}/cgroup.procs`, `${process.pid}`);
      return process;
    });
    try {
      expect(ids.map((id) => cgroupFile(id, "below/cgroup.procs"))).toEqual(
        processes.map(({ pid }) => `${pid}`),
      );
      expect(() => cgroupFile(ids[0] as string, "no.such.file")).toThrow("no cgroup");
    } finally {
      for (const process of processes) process.kill("SIGKILL");
      await Promise.all(processes.map(({ exited }) => exited));
      await until("they can be removed", () => {
        removeCgroupTrees(cgroupsOf(box.name));
        return cgroupsOf(box.name).length === 0 || undefined;
      });
    }
  },
);

scenario("cgroups of a sandbox, without those below another sandbox's", [root], async (box) => {
  const another = new Sandbox();
  const own = `${mountPoint()}/${box.name}-sealed/caller/${box.name}-0`;
  const hidden = `${mountPoint()}/${another.name}-0/${box.name}-1`;
  try {
    for (const path of [own, hidden]) mkdirSync(path, { recursive: true });
    expect(cgroupsOf(`${box.name}-0`)).toEqual([own]);
    expect(cgroupsOf(box.name)).toEqual([`${mountPoint()}/${box.name}-sealed`, own]);
  } finally {
    Bun.spawnSync(["rmdir", "-p", own, hidden], { stderr: "ignore" });
    expect(await another.dispose()).toEqual([]);
  }
});
