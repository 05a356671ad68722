/** An ordinary user runs containers; no process of root has a part in it. */
import { expect } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readFileSync } from "node:fs";
import type { Config } from "../harness/config.ts";
import { Report } from "../harness/probe.ts";
import { command, root, userNamespaces } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import type { Bundle, CallOptions, Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const uid = 65534;
const needs = [root, userNamespaces, command("setpriv")];

/** What `spec --rootless` makes of the default configuration. */
function rootless(config: Config): void {
  config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "network");
  config.linux.namespaces.push({ type: "user" });
  config.linux.uidMappings = [{ containerID: 0, hostID: uid, size: 1 }];
  config.linux.gidMappings = [{ containerID: 0, hostID: uid, size: 1 }];
  Reflect.deleteProperty(config.linux, "resources");
  config.mounts = config.mounts
    .filter(({ destination }) => destination !== "/sys/fs/cgroup")
    .map((mount) => {
      if (mount.destination === "/sys") {
        return {
          destination: "/sys",
          type: "none",
          source: "/sys",
          options: ["rbind", "nosuid", "noexec", "nodev", "ro"],
        };
      }
      const options = mount.options?.filter((option) => !option.startsWith("gid="));
      return options === undefined ? mount : { ...mount, options };
    });
}

/** Makes the sandbox the user's, and gives how to call the runtime as that user. */
async function asUser(box: Sandbox, actions: string[]): Promise<{ bundle: Bundle; options: CallOptions }> {
  const bundle = box.probe(actions, rootless);
  const runtimeDirectory = box.path("runtime-directory");
  mkdirSync(runtimeDirectory, { mode: 0o700 });
  mkdirSync(box.root, { mode: 0o700 });
  for (const path of [runtimeDirectory, box.root]) chownSync(path, uid, uid);
  await Bun.$`chown -R ${uid}:${uid} ${bundle.directory}`.quiet();
  chmodSync(box.directory, 0o755);
  const wrapper = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--inh-caps=-all"];
  const env = { ...bareEnvironment, XDG_RUNTIME_DIR: runtimeDirectory };
  return { bundle, options: { wrapper, env } };
}

scenario("an ordinary user runs a container, as root inside", needs, async (box) => {
  const { bundle, options } = await asUser(box, [
    "self",
    "namespaces",
    "read:/proc/self/uid_map",
    "read:/proc/self/setgroups",
  ]);
  const report = await box.reportOf(bundle, [], options);
  expect(report.self.uids).toEqual([0, 0, 0]);
  expect(report.self.hostname).toBe("container");
  expect(report.read("/proc/self/uid_map").trim().split(/\s+/)).toEqual(["0", String(uid), "1"]);
  expect(report.self.pid).toBe(1);
});

scenario("an ordinary user creates, starts, executes, kills and deletes", needs, async (box) => {
  const { bundle, options } = await asUser(box, ["sleep"]);
  const id = box.id();
  await box.must(["create", "--bundle", bundle.directory, id], options);
  const state = JSON.parse((await box.must(["state", id], options)).stdout);
  expect(state.status).toBe("created");
  expect(readFileSync(`/proc/${state.pid}/status`, "utf8")).toMatch(new RegExp(`^Uid:\\s+${uid}\\b`, "m"));
  await box.must(["start", id], options);
  const executed = new Report((await box.must(["exec", id, "/probe", "self"], options)).stdout);
  expect(executed.self.uids).toEqual([0, 0, 0]);
  await box.must(["kill", id, "KILL"], options);
  await box.must(["delete", "--force", id], options);
});

scenario("the default state root of an ordinary user is in its runtime directory", needs, async (box) => {
  const { bundle, options } = await asUser(box, ["sleep"]);
  const id = box.id();
  const own = { ...options, root: null };
  await box.must(["run", "--detach", "--bundle", bundle.directory, id], own);
  const root = `${options.env?.["XDG_RUNTIME_DIR"]}/runc`;
  expect(JSON.parse(readFileSync(`${root}/${id}/state.json`, "utf8")).id).toBe(id);
  await box.must(["delete", "--force", id], own);
});

scenario("an ordinary user is refused the containers of root", needs, async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  const wrapper = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const result = await box.call(["state", id], { wrapper });
  expect(result.status).toBe(1);
  expect(result.stdout).toBe("");
});
