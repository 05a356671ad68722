/** The cgroup of an exec'd process, and the descriptors of a waiting process. */
import { expect } from "bun:test";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { cgroupsOf } from "../harness/leaks.ts";
import { Peer } from "../harness/peer.ts";
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

scenario(
  "exec when the recorded cgroups are gone: where the container's init is now",
  [root, cgroupV1, notIn("runc", "1.1.5 looks at the recorded ones only")],
  async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    const { pid } = await box.state(id);
    for (const recorded of cgroupsOf(id)) {
      const moved = recorded.replace(id, `${id}-moved`);
      mkdirSync(moved, { recursive: true });
      if (recorded.includes("/cpuset/")) {
        for (const file of ["cpuset.cpus", "cpuset.mems"]) {
          writeFileSync(`${moved}/${file}`, readFileSync(`${recorded}/${file}`));
        }
      }
      writeFileSync(`${moved}/cgroup.procs`, String(pid));
      rmdirSync(recorded);
    }
    const text = (await box.exec(id, ["read:/proc/self/cgroup"])).read("/proc/self/cgroup");
    expect(text).toContain(`${id}-moved`);
    await box.must(["delete", "--force", id]);
    await until("the cgroups are empty", () => {
      try {
        for (const moved of cgroupsOf(`${id}-moved`)) rmdirSync(moved);
        return true;
      } catch {
        return undefined;
      }
    });
  },
);

scenario(
  "exec with a seccomp listener: its agent hears of each process",
  [root, notIn("runc", "1.1.5 needs libseccomp 2.5")],
  async (box) => {
    const socket = box.path("agent.sock");
    const listening = async () => {
      rmSync(socket, { force: true });
      return Peer.listen(`receive-console:${socket}`);
    };
    const first = await listening();
    const bundle = box.probe(["sleep"], (config) => {
      config.linux["seccomp"] = {
        defaultAction: "SCMP_ACT_ALLOW",
        listenerPath: socket,
        syscalls: [{ names: ["acct"], action: "SCMP_ACT_NOTIFY" }],
      };
    });
    const id = await box.started(bundle);
    const init = JSON.parse((await first.received(1))[0]?.text ?? "");
    await first.close();
    const second = await listening();
    await box.must(["exec", id, "/probe", "exit:0"]);
    const further = JSON.parse((await second.received(1))[0]?.text ?? "");
    await second.close();
    expect(further.state.id).toBe(id);
    expect(further.pid).not.toBe(init.pid);
  },
);

scenario(
  "--cgroup-manager=disabled: the container stays where its caller is",
  [root, buncOnly],
  async (box) => {
    const id = box.id();
    const bundle = box.probe(["sleep"], (config) => {
      delete config.linux.resources;
    });
    await box.must(["--cgroup-manager=disabled", "run", "--detach", "--bundle", bundle.directory, id]);
    const { pid } = await box.state(id);
    expect(readFileSync(`/proc/${pid}/cgroup`, "utf8")).toBe(readFileSync("/proc/self/cgroup", "utf8"));
    expect(cgroupsOf(id)).toEqual([]);
    await box.must(["delete", "--force", id]);
  },
);
