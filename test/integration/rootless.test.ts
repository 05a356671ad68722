/** An ordinary user's containers: no root process is involved. */
import { expect } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { addNamespace } from "../harness/config.ts";
import { rootless, subordinateIds } from "../harness/ordinary-user.ts";
import { buncOnly, cgroupV1, notIn, timeNamespaces } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";

rootless("spec --rootless makes a bundle that runs as it is", [], async (user, box) => {
  const bundle = user.probe(["self"]);
  const directory = user.directory("generated");
  await user.must(["spec", "--rootless"], { cwd: directory });
  const config = JSON.parse(readFileSync(`${directory}/config.json`, "utf8"));
  expect(config.linux.uidMappings).toEqual([{ containerID: 0, hostID: user.uid, size: 1 }]);
  config.root.path = bundle.rootfs;
  config.process.args = ["/probe", "self"];
  config.process.terminal = false;
  writeFileSync(`${directory}/config.json`, JSON.stringify(config));
  const { stdout } = await user.must(["run", "--bundle", directory, box.id()]);
  expect(JSON.parse(stdout)[0].uids).toEqual([0, 0, 0]);
});

rootless("the whole life of a container", [], async (user, box) => {
  const id = box.id();
  const bundle = user.probe(["sleep"]);
  await user.must(["create", "--bundle", bundle.directory, id]);
  expect((await user.state(id)).status).toBe("created");
  expect(statSync(`${user.session}/runc`).mode & 0o7777).toBe(0o1700);
  const [listed] = JSON.parse((await user.must(["list", "--format", "json"])).stdout);
  expect(listed).toMatchObject({ id, status: "created", owner: user.name });

  await user.must(["start", id]);
  const { pid, status } = await user.state(id);
  expect(status).toBe("running");
  expect(readFileSync(`/proc/${pid}/status`, "utf8")).toContain(`Uid:\t${user.uid}\t${user.uid}`);
  expect(readFileSync(`/proc/${pid}/setgroups`, "utf8")).toBe("deny\n");

  const report = await user.exec(id, ["self", "namespaces"]);
  expect(report.self.uids).toEqual([0, 0, 0]);
  expect(report.self.capabilities.effective).toEqual([5, 10, 29]);
  for (const [type, link] of Object.entries(report.namespaces)) {
    expect([type, link]).toEqual([type, readlinkSync(`/proc/${pid}/ns/${type}`)]);
  }
  expect((await user.call(["exec", id, "/probe", "exit:7"])).status).toBe(7);

  expect((await user.call(["delete", id])).status).toBe(1);
  await user.must(["kill", id, "KILL"]);
  while ((await user.state(id)).status !== "stopped") await Bun.sleep(10);
  await user.must(["delete", id]);
  expect((await user.call(["state", id])).stderr).toContain("container does not exist");
});

rootless("a created container that was never started is killed and deleted", [], async (user, box) => {
  const id = box.id();
  await user.must(["create", "--bundle", user.probe(["sleep"]).directory, id]);
  const { pid } = await user.state(id);
  await user.must(["delete", "--force", id]);
  // The process has exited, whether or not its new parent has reaped it.
  const status = existsSync(`/proc/${pid}/status`)
    ? readFileSync(`/proc/${pid}/status`, "utf8")
    : "State:\tZ";
  expect(status).toMatch(/^State:\s+[ZX]/m);
  expect(existsSync(`${user.session}/runc/${id}`)).toBe(false);
});

rootless("exec into a created container, which then starts", [], async (user, box) => {
  const id = box.id();
  await user.must(["create", "--bundle", user.probe(["sleep"]).directory, id]);
  const { pid } = await user.state(id);
  const report = await user.exec(id, ["self", "namespaces"]);
  expect(report.self.uids).toEqual([0, 0, 0]);
  for (const [type, link] of Object.entries(report.namespaces)) {
    expect([type, link]).toEqual([type, readlinkSync(`/proc/${pid}/ns/${type}`)]);
  }
  expect((await user.state(id)).status).toBe("created");
  await user.must(["start", id]);
  expect((await user.exec(id, ["self"])).self.uids).toEqual([0, 0, 0]);
});

rootless(
  "other programs of the user's enter the namespaces of a created container",
  [],
  async (user, box) => {
    const id = box.id();
    await user.must(["create", "--bundle", user.probe(["sleep"]).directory, id]);
    const { pid } = await user.state(id);
    const { wrapper } = user.options();
    const [program, ...args] = [...(wrapper ?? []), "nsenter", `--target=${pid}`, "--user", "--uts"];
    const entered = Bun.spawnSync([
      program ?? "",
      ...args,
      "--preserve-credentials",
      "readlink",
      "/proc/self/ns/uts",
    ]);
    expect(entered.stdout.toString().trim()).toBe(readlinkSync(`/proc/${pid}/ns/uts`));
  },
);

rootless("processes of a created container may not look into its init", [buncOnly], async (user, box) => {
  const id = box.id();
  const bundle = user.probe(["sleep"], (config) => {
    config.linux.sysctl = { "kernel.msgmax": "8000" };
  });
  await user.must(["create", "--bundle", bundle.directory, id]);
  // bunc-init's own procfs, which shows what is masked in the container's, is also "/".
  const fds = `/proc/${(await user.state(id)).pid}/fd`;
  expect(readdirSync(fds).filter((fd) => readlinkSync(`${fds}/${fd}`) === "/").length).toBe(1);
  const secrets = ["environ", "maps", "mem", "fd/0", "fdinfo/0", "ns/user", "root/probe"];
  const report = await user.exec(id, ["self", ...secrets.map((file) => `read:/proc/1/${file}`)]);
  expect(report.self.uids).toEqual([0, 0, 0]);
  for (const file of secrets) {
    expect([file, report.errno(`read:/proc/1/${file}`)]).toEqual([file, "EACCES"]);
  }
});

const joinedMaps = notIn("runc", "1.1.5 wants mappings for a joined user namespace too");

rootless(
  "a created container with a joined user namespace stays closed: the reason is said",
  [joinedMaps, buncOnly],
  async (user, box) => {
    const owner = await user.state(await user.started(user.probe(["sleep"])));
    const bundle = user.probe(["sleep"], (config) => {
      config.linux.namespaces = [{ type: "mount" }, { type: "pid" }, { type: "ipc" }];
      addNamespace(config, "user", `/proc/${owner.pid}/ns/user`);
      delete config.linux.uidMappings;
      delete config.linux.gidMappings;
      delete config["hostname"];
    });
    const id = box.id();
    await user.must(["create", "--bundle", bundle.directory, id]);
    const { status, stderr } = await user.call(["exec", id, "/probe", "self"]);
    expect(status).toBe(255);
    expect(stderr).toContain("permission denied");
    expect(stderr).toContain("start it first");
    await user.must(["start", id]);
    expect((await user.exec(id, ["self"])).self.uids).toEqual([0, 0, 0]);
  },
);

rootless("anything that needs the host's root is left out", [], async (user) => {
  const report = await user.report(
    user.probe(["self", "write:/proc/sys/kernel/hostname:x", "stat:/dev/null"]),
  );
  expect(report.self.groups).toEqual([]);
  expect(report.get("stat:/dev/null")).toMatchObject({ type: "char", major: 1, minor: 3 });
  expect(report.errno("write:/proc/sys/kernel/hostname:x")).not.toBe("ok");
});

rootless("a root file system in a directory that only the user may enter", [], async (user) => {
  const bundle = user.probe(["self"]);
  chmodSync(bundle.directory, 0o700);
  expect((await user.report(bundle)).self.uids).toEqual([0, 0, 0]);
});

rootless("binds from directories that only the user may enter", [], async (user) => {
  const secret = user.directory("secret");
  mkdirSync(`${secret}/inner`);
  writeFileSync(`${secret}/inner/file`, "found");
  chmodSync(secret, 0o700);
  const bundle = user.probe(["read:/mnt/file"], (config) => {
    config.mounts.push({ destination: "/mnt", source: `${secret}/inner`, options: ["rbind", "ro"] });
  });
  Bun.spawnSync(["chown", "-R", `${user.uid}:${user.gid}`, secret]);
  expect((await user.report(bundle)).read("/mnt/file")).toBe("found");
});

rootless(
  "process.user that is not mapped",
  [notIn("runc", "1.1.5 names the id otherwise")],
  async (user, box) => {
    const bundle = user.probe(["self"], (config) => {
      config.process.user = { uid: 5, gid: 0 };
    });
    const { status, stderr } = await user.call(["run", "--bundle", bundle.directory, box.id()]);
    expect(status).toBe(1);
    expect(stderr).toContain("unmapped uid 5");
  },
);

rootless("maps of several lines, by newuidmap and newgidmap", [subordinateIds], async (user) => {
  const bundle = user.probe(["self", "read:/proc/self/uid_map", "read:/proc/self/setgroups"], (config) => {
    user.mapSubordinateIds(config);
    config.process.user = { uid: 33, gid: 44 };
  });
  const report = await user.report(bundle);
  expect(report.self.uids).toEqual([33, 33, 33]);
  expect(report.read("/proc/self/setgroups")).toBe("allow\n");
  const lines = report.read("/proc/self/uid_map").trim().split("\n");
  expect(lines.map((line) => line.trim().split(/ +/).map(Number))).toEqual([
    [0, user.uid, 1],
    [1, user.firstSubordinate, 65535],
  ]);
});

rootless(
  "additional groups where the maps have them",
  [subordinateIds, notIn("runc", "1.1.5 refuses additional groups to rootless containers")],
  async (user) => {
    const bundle = user.probe(["self"], (config) => {
      user.mapSubordinateIds(config);
      config.process.user = { uid: 33, gid: 44, additionalGids: [55] };
    });
    expect((await user.report(bundle)).self.groups).toEqual([55]);
  },
);

const execSubordinate = notIn("runc", "1.1.5 may not open the namespaces of a process with a subordinate id");
rootless(
  "exec as a subordinate id, killed and deleted by the user",
  [subordinateIds, execSubordinate],
  async (user) => {
    const bundle = user.probe(["sleep"], (config) => {
      user.mapSubordinateIds(config);
      config.process.user = { uid: 1000, gid: 1000 };
    });
    const id = await user.started(bundle);
    const { pid } = await user.state(id);
    expect(statSync(`/proc/${pid}`).uid).toBe(user.firstSubordinate + 999);
    expect((await user.exec(id, ["self"], ["--user", "7:8"])).self.uids).toEqual([7, 7, 7]);
    await user.must(["delete", "--force", id]);
  },
);

rootless(
  "exec as a subordinate id into a created container",
  [subordinateIds, execSubordinate],
  async (user, box) => {
    const bundle = user.probe(["sleep"], (config) => {
      user.mapSubordinateIds(config);
      config.process.user = { uid: 1000, gid: 1000 };
    });
    const id = box.id();
    await user.must(["create", "--bundle", bundle.directory, id]);
    expect((await user.exec(id, ["self"], ["--user", "7:8"])).self.uids).toEqual([7, 7, 7]);
    await user.must(["start", id]);
    expect((await user.state(id)).status).toBe("running");
  },
);

const differentOrder = notIn("runc", "1.1.5 meets another obstacle first");

rootless(
  "clock offsets, and files that hooks write to",
  [timeNamespaces, notIn("runc", "1.1.5 has no time namespaces")],
  async (user) => {
    const out = `${user.directory("out")}/hooks`;
    const bundle = user.probe(["read:/proc/self/timens_offsets", "self"], (config) => {
      addNamespace(config, "time");
      config.linux["timeOffsets"] = { boottime: { secs: 7881, nanosecs: 2718281 } };
      config.process.user = { uid: 0, gid: 0, umask: 0o027 };
      config.annotations = { "run.oci.hooks.stdout": out };
      config.hooks = {
        createContainer: [{ path: "/bin/sh", args: ["sh", "-c", "echo created"] }],
        startContainer: [{ path: "/probe", args: ["probe", "self"] }],
      };
    });
    const report = await user.report(bundle);
    expect(report.read("/proc/self/timens_offsets")).toMatch(/^boottime\s+7881\s+2718281$/m);
    expect(report.self.umask).toBe(0o027);
    expect(report.self.fds.map(({ fd }) => fd)).toEqual([0, 1, 2]);
    expect(readFileSync(out, "utf8")).toMatch(/^created\n.*"uids"/s);
  },
);

rootless("maps of ids that are not the user's", [subordinateIds, differentOrder], async (user, box) => {
  const bundle = user.probe(["self"], (config) => {
    config.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 2 }];
  });
  const { status, stderr } = await user.call(["run", "--bundle", bundle.directory, box.id()]);
  expect(status).toBe(1);
  expect(stderr).toContain("newuidmap");
  // Of hooks, which it is none of.
  expect(stderr).not.toContain("hint");
});

rootless(
  "namespaces of another container are joined by path, its user namespace with them",
  [joinedMaps],
  async (user) => {
    const id = await user.started(user.probe(["sleep"]));
    const { pid } = await user.state(id);
    const bundle = user.probe(["namespaces", "self"], (config) => {
      config.linux.namespaces = [{ type: "mount" }, { type: "pid" }];
      for (const [type, file] of [
        ["ipc", "ipc"],
        ["user", "user"],
        ["uts", "uts"],
      ] as const) {
        addNamespace(config, type, `/proc/${pid}/ns/${file}`);
      }
      delete config.linux.uidMappings;
      delete config.linux.gidMappings;
      delete config["hostname"];
    });
    const report = await user.report(bundle);
    for (const type of ["ipc", "user", "uts"]) {
      expect([type, report.namespaces[type]]).toEqual([type, readlinkSync(`/proc/${pid}/ns/${type}`)]);
    }
    expect(report.self.uids).toEqual([0, 0, 0]);
  },
);

rootless("joined groups are refused in a namespace that denies setgroups", [buncOnly], async (user, box) => {
  const bundle = user.probe(["self"], (config) => {
    config.process.user = { uid: 0, gid: 0, additionalGids: [0] };
  });
  const { stdout, stderr } = await user.must(["run", "--bundle", bundle.directory, box.id()]);
  expect(JSON.parse(stdout)[0].groups).toEqual([]);
  expect(stderr).toContain("additionalGids is ignored");
});

const cgroupCases: {
  title: string;
  flags: string[];
  cgroupsPath?: string;
  resources?: Record<string, unknown>;
  error: RegExp | null;
}[] = [
  { title: "neither a path nor limits", flags: [], error: null },
  { title: "--rootless=true", flags: ["--rootless=true"], error: null },
  {
    title: "--rootless=false",
    flags: ["--rootless=false"],
    error: /unable to apply cgroup configuration.*permission denied/,
  },
  {
    title: "a cgroupsPath",
    flags: [],
    cgroupsPath: "/a/path/of/its/own",
    error: /unable to apply cgroup configuration.*permission denied/,
  },
  {
    title: "limits",
    flags: [],
    resources: { pids: { limit: 10 } },
    error:
      /rootless needs no limits \+ no cgrouppath when no permission is granted for cgroups|cannot set pids limit: container could not join or create cgroup/,
  },
];

for (const { title, flags, cgroupsPath, resources, error } of cgroupCases) {
  rootless(`cgroups without permission: ${title}`, [cgroupV1], async (user, box) => {
    const bundle = user.probe(["exit:0"], (config) => {
      if (cgroupsPath !== undefined) config.linux.cgroupsPath = cgroupsPath;
      if (resources !== undefined) config.linux.resources = resources;
    });
    const result = await user.call([...flags, "run", "--bundle", bundle.directory, box.id()]);
    if (error === null) expect(result).toMatchObject({ status: 0, stderr: "" });
    else {
      expect(result.status).toBe(1);
      expect(unquoted(result.stderr)).toMatch(error);
    }
    expect(existsSync(`${user.session}/runc/${box.name}-0`)).toBe(false);
  });
}

const withoutCgroup: { args: (id: string) => string[]; error: string }[] = [
  { args: (id) => ["pause", id], error: "cannot toggle freezer: cgroups not configured for container" },
  { args: (id) => ["ps", id], error: "unable to get all container pids" },
  {
    args: (id) => ["update", "--memory", "100000000", id],
    error: "cannot set memory limit: container could not join or create cgroup",
  },
];

for (const { args, error } of withoutCgroup) {
  rootless(`a container without a cgroup: ${args("ID").join(" ")}`, [cgroupV1], async (user) => {
    const id = await user.started(user.probe(["sleep"]));
    const { status, stderr } = await user.call(args(id));
    expect(status).toBe(1);
    expect(stderr).toContain(error);
  });
}

rootless("root of the host execs into an ordinary user's container", [], async (user, box) => {
  const bundle = user.probe(["sleep"], (config) => {
    // Set from outside, which needs CAP_SYS_RESOURCE if the process belongs to another user.
    config.process.rlimits = [];
  });
  const id = await user.started(bundle);
  const args = ["exec", id, "/probe", "self"];
  const { stdout } = await box.must(args, { root: `${user.session}/runc` });
  expect(JSON.parse(stdout)[0].uids).toEqual([0, 0, 0]);
});
