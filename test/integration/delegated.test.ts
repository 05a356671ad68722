/** An ordinary user with a cgroup delegated by its owner or by the user's own systemd: limits apply, without root. */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { Edit } from "../harness/config.ts";
import { type OrdinaryUser, rootless } from "../harness/ordinary-user.ts";
import { cgroupV2, command, systemd } from "../harness/requirements.ts";

const limits: Edit = (config) => {
  config.linux.resources = { memory: { limit: 67108864 }, pids: { limit: 10 } };
};

/** The cgroup of the container's init, from the root of the hierarchy. */
async function cgroupOf(user: OrdinaryUser, id: string): Promise<string> {
  const { pid } = await user.state(id);
  return readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().replace("0::", "");
}

const limitsOf = (cgroup: string) =>
  ["memory.max", "pids.max"].map((file) => readFileSync(`/sys/fs/cgroup${cgroup}/${file}`, "utf8").trim());

/** Operations that need a cgroup: limits, an exec in it, new limits, pause, ps. Nothing may be left. */
async function useCgroup(user: OrdinaryUser, id: string, flags: string[]): Promise<void> {
  const cgroup = await cgroupOf(user, id);
  expect(limitsOf(cgroup)).toEqual(["67108864", "10"]);
  await user.must([...flags, "exec", "--detach", id, "/probe", "sleep"]);
  expect(readFileSync(`/sys/fs/cgroup${cgroup}/cgroup.procs`, "utf8")).toMatch(/^\d+\n\d+\n$/);
  await user.must([...flags, "update", "--pids-limit", "20", "--memory", "33554432", id]);
  expect(limitsOf(cgroup)).toEqual(["33554432", "20"]);
  await user.must([...flags, "pause", id]);
  expect((await user.state(id)).status).toBe("paused");
  await user.must([...flags, "resume", id]);
  expect(JSON.parse((await user.must([...flags, "ps", "--format", "json", id])).stdout)).toHaveLength(2);
  await user.must([...flags, "delete", "--force", id]);
  expect(existsSync(`/sys/fs/cgroup${cgroup}`)).toBe(false);
}

rootless("limits in a cgroup that its owner has delegated", [cgroupV2], async (user) => {
  const delegated = user.delegateCgroup();
  const id = await user.started(user.probe(["sleep"], limits));
  expect(`/sys/fs/cgroup${await cgroupOf(user, id)}`).toStartWith(`${delegated}/`);
  await useCgroup(user, id, []);
});

rootless("a limit in a delegated cgroup takes effect", [cgroupV2], async (user) => {
  user.delegateCgroup();
  const bundle = user.probe(["fork:20"], (config) => {
    config.linux.resources = { pids: { limit: 5 } };
  });
  const report = await user.report(bundle);
  expect(report.get("fork:20")).toMatchObject({ errno: "EAGAIN" });
});

rootless(
  "limits through the user's own systemd",
  [cgroupV2, systemd, command("loginctl")],
  async (user, box) => {
    await user.startSystemd();
    const id = box.id();
    const { directory } = user.probe(["sleep"], limits);
    const flags = ["--systemd-cgroup"];
    await user.must([...flags, "run", "--detach", "--bundle", directory, id]);
    const manager = `/user.slice/user-${user.uid}.slice/user@${user.uid}.service/`;
    const cgroup = await cgroupOf(user, id);
    expect(cgroup).toStartWith(manager);
    expect(cgroup).toEndWith(`/runc-${id}.scope`);
    await useCgroup(user, id, flags);
  },
);
