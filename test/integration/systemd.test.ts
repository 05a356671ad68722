/** `--systemd-cgroup`: containers as systemd scopes. Runs where systemd runs (the systemd guest). */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { cgroupFile } from "../harness/cgroup-file.ts";
import { addCapabilities, addNamespace, type Edit } from "../harness/config.ts";
import { buncOnly, cgroupV2, root, systemd } from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const needs = [root, systemd, cgroupV2];

async function run(box: Sandbox, edit: Edit = () => {}): Promise<string> {
  const id = box.id();
  const bundle = box.probe(["sleep"], edit);
  await box.must(["--systemd-cgroup", "run", "--detach", "--bundle", bundle.directory, id]);
  return id;
}

/** Properties of a unit, as systemctl shows them. */
function show(unit: string, ...names: string[]): Record<string, string> {
  const shown = Bun.spawnSync(["systemctl", "show", unit, ...names.map((name) => `--property=${name}`)]);
  const lines = shown.stdout.toString().split("\n").filter(Boolean);
  return Object.fromEntries(lines.map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]));
}

const cgroupOf = (pid: number) => readFileSync(`/proc/${pid}/cgroup`, "utf8").trim();

const limits: Edit = (config) => {
  config.linux.resources = {
    memory: { limit: 67108864, swap: 134217728, reservation: 33554432 },
    cpu: { shares: 1024, quota: 50000, period: 100000, cpus: "0", mems: "0" },
    pids: { limit: 17 },
    unified: { "memory.high": "50331648" },
  };
};

scenario("systemd: a scope in system.slice, and every limit is its property", needs, async (box) => {
  const id = await run(box, limits);
  const { pid } = await box.state(id);
  expect(cgroupOf(pid)).toBe(`0::/system.slice/runc-${id}.scope`);
  const names = ["Slice", "Delegate", "MemoryMax", "MemorySwapMax", "MemoryLow", "MemoryHigh", "CPUWeight"];
  const more = ["CPUQuotaPerSecUSec", "TasksMax", "AllowedCPUs", "AllowedMemoryNodes", "DevicePolicy"];
  expect(show(`runc-${id}.scope`, ...names, ...more)).toEqual({
    Slice: "system.slice",
    Delegate: "yes",
    MemoryMax: "67108864",
    MemorySwapMax: "67108864",
    MemoryLow: "33554432",
    MemoryHigh: "50331648",
    CPUWeight: "100",
    CPUQuotaPerSecUSec: "500ms",
    TasksMax: "17",
    AllowedCPUs: "0",
    AllowedMemoryNodes: "0",
    DevicePolicy: "strict",
  });
  await box.must(["delete", "--force", id]);
  expect(show(`runc-${id}.scope`, "LoadState")).toEqual({ LoadState: "not-found" });
});

scenario("systemd: a daemon-reload changes neither limits nor devices", needs, async (box) => {
  const id = await run(box, (config) => {
    limits(config);
    addCapabilities(config, "CAP_SYSLOG");
    config.linux.devices = [{ path: "/dev/own-kmsg", type: "c", major: 1, minor: 11, fileMode: 0o666 }];
    config.linux.resources = {
      ...(config.linux.resources as object),
      devices: [
        { allow: false, access: "rwm" },
        { allow: true, type: "c", major: 1, minor: 11, access: "rw" },
      ],
    };
  });
  const files = ["memory.max", "memory.high", "cpu.max", "cpu.weight", "pids.max", "cpuset.cpus"];
  const before = files.map((file) => cgroupFile(id, file));
  expect(Bun.spawnSync(["systemctl", "daemon-reload"]).exitCode).toBe(0);
  expect(files.map((file) => cgroupFile(id, file))).toEqual(before);
  const { stdout } = await box.must(["exec", id, "/probe", "open:/dev/own-kmsg", "open:/dev/null"]);
  expect(JSON.parse(stdout)).toMatchObject([{ errno: "ok" }, { errno: "ok" }]);
});

for (const [name, base] of [
  ["all but a class, of that one", { allow: true, access: "rwm" }],
  ["a class but one of it", { allow: false, access: "rwm" }],
] as const) {
  scenario(
    `systemd: device rules in order, ${name}, before and after a daemon-reload`,
    [...needs, buncOnly],
    async (box) => {
      const paths = ["/dev/t0", "/dev/t1"];
      const id = await run(box, (config) => {
        config.linux.devices = paths.map((path, minor) => ({
          path,
          type: "b",
          major: 500,
          minor,
          fileMode: 0o666,
        }));
        const ofClass = { type: "b", major: 500, access: "rwm" };
        config.linux.resources = {
          devices: [base, { ...ofClass, allow: !base.allow }, { ...ofClass, minor: 0, allow: base.allow }],
        };
      });
      // The device does not exist: ENXIO shows that the rules allow opening it.
      const expected = base.allow ? ["ENXIO", "EPERM", "ok"] : ["EPERM", "ENXIO", "ok"];
      for (const round of ["before", "after"]) {
        const report = await box.exec(
          id,
          [...paths, "/dev/null"].map((path) => `open:${path}`),
        );
        const found = [...paths, "/dev/null"].map((path) => report.errno(`open:${path}`));
        expect([round, found]).toEqual([round, expected]);
        Bun.spawnSync(["systemctl", "daemon-reload"]);
      }
    },
  );
}

scenario("systemd: slice, prefix and name of cgroupsPath", needs, async (box) => {
  const id = await run(box, (config) => {
    config.linux.cgroupsPath = `bunctest-a.slice:pre:${box.name}`;
  });
  const { pid } = await box.state(id);
  expect(cgroupOf(pid)).toBe(`0::/bunctest.slice/bunctest-a.slice/pre-${box.name}.scope`);
});

scenario("systemd: annotations become properties", needs, async (box) => {
  const id = await run(box, (config) => {
    config.annotations = {
      "org.systemd.property.TimeoutStopSec": "7",
      "org.systemd.property.CollectMode": "'inactive-or-failed'",
    };
  });
  expect(show(`runc-${id}.scope`, "TimeoutStopUSec", "CollectMode")).toEqual({
    TimeoutStopUSec: "7s",
    CollectMode: "inactive-or-failed",
  });
});

scenario(
  "systemd: run.oci.systemd.subgroup holds the container and its limits",
  [...needs, buncOnly],
  async (box) => {
    const id = await run(box, (config) => {
      limits(config);
      config.annotations = { "run.oci.systemd.subgroup": "container" };
    });
    const { pid } = await box.state(id);
    const cgroup = `/system.slice/runc-${id}.scope/container`;
    expect(cgroupOf(pid)).toBe(`0::${cgroup}`);
    const limited = ["memory.max", "pids.max"].map((file) =>
      readFileSync(`/sys/fs/cgroup${cgroup}/${file}`, "utf8").trim(),
    );
    expect(limited).toEqual(["67108864", "17"]);
    expect(show(`runc-${id}.scope`, "MemoryMax")).toEqual({ MemoryMax: "67108864" });
    await box.must(["exec", "--detach", id, "/probe", "sleep"]);
    expect(readFileSync(`/sys/fs/cgroup${cgroup}/cgroup.procs`, "utf8")).toMatch(/^\d+\n\d+\n$/);
    await box.must(["delete", "--force", id]);
    expect(existsSync(`/sys/fs/cgroup/system.slice/runc-${id}.scope`)).toBe(false);
  },
);

scenario(
  "systemd: run.oci.delegate-cgroup is below the limits and the container's own",
  [...needs, buncOnly],
  async (box) => {
    const id = await run(box, (config) => {
      limits(config);
      addNamespace(config, "cgroup");
      const mount = config.mounts.find(({ type }) => type === "cgroup");
      if (mount !== undefined) mount.options = ["nosuid", "noexec", "nodev", "relatime"];
      config.annotations = {
        "run.oci.systemd.subgroup": "container",
        "run.oci.delegate-cgroup": "payload",
      };
    });
    const { pid } = await box.state(id);
    const cgroup = `/system.slice/runc-${id}.scope/container`;
    expect(cgroupOf(pid)).toBe(`0::${cgroup}/payload`);
    const limitOf = (path: string) => readFileSync(`/sys/fs/cgroup${path}/memory.max`, "utf8").trim();
    expect([limitOf(cgroup), limitOf(`${cgroup}/payload`)]).toEqual(["67108864", "max"]);
    // The root of its cgroup namespace is the cgroup with the limits; its own cgroup is below.
    const { stdout } = await box.must(["exec", id, "/probe", "read:/proc/1/cgroup"]);
    expect(stdout).toContain("0::/payload");
  },
);

scenario("systemd: update is told to systemd too", needs, async (box) => {
  const id = await run(box, limits);
  await box.must(["update", "--memory", "100M", "--memory-swap", "150M", "--pids-limit", "30", id]);
  expect(show(`runc-${id}.scope`, "MemoryMax", "TasksMax")).toEqual({
    MemoryMax: "104857600",
    TasksMax: "30",
  });
  Bun.spawnSync(["systemctl", "daemon-reload"]);
  expect(["memory.max", "pids.max"].map((file) => cgroupFile(id, file))).toEqual(["104857600", "30"]);
});

// systemd keeps no period without a quota. It rewrites all files of a controller when one of its properties changes, and all
// files of the unit when a controller is added.
scenario("systemd: an update keeps what it does not mention", [...needs, buncOnly], async (box) => {
  const updates = [
    ["--cpu-quota", "-1"],
    ["--cpuset-cpus", "0"],
    ["--cpu-share", "2"],
  ];
  /** The flag that used to lose the period. */
  const loses = async () => {
    const id = await run(box, (config) => {
      config.linux.resources = { cpu: { quota: 50000, period: 200000 } };
    });
    for (const [flag = "", value = ""] of updates) {
      await box.must(["update", flag, value, id]);
      if (cgroupFile(id, "cpu.max") !== "max 200000") return flag;
    }
    return "";
  };
  // A daemon-reload removes the period too, and tests that run in parallel cause one.
  const attempts = [await loses(), await loses(), await loses()];
  expect(attempts).toContain("");
});

scenario("systemd: exec is in the scope, and in a cgroup below it", needs, async (box) => {
  const id = await run(box);
  const scope = `/system.slice/runc-${id}.scope`;
  const read = "read:/proc/self/cgroup";
  const { stdout } = await box.must(["exec", id, "/probe", read]);
  expect(stdout).toContain("0::/");
  Bun.spawnSync(["mkdir", `/sys/fs/cgroup${scope}/below`]);
  await box.must(["exec", "--detach", "--cgroup", "below", id, "/probe", "sleep"]);
  expect(readFileSync(`/sys/fs/cgroup${scope}/below/cgroup.procs`, "utf8")).toMatch(/^\d+\n$/);
});

const at = (cgroupsPath: string): Edit => {
  return (config) => {
    config.linux.cgroupsPath = cgroupsPath;
  };
};

scenario("systemd: an existing unit of that name is left alone", [...needs, buncOnly], async (box) => {
  const first = await run(box, at(`system.slice:runc:${box.name}`));
  // The unit has another cgroup, so only systemd knows that the name is taken.
  const bundle = box.probe(["sleep"], at(`bunctest.slice:runc:${box.name}`));
  const flags = ["--systemd-cgroup", "run", "--detach", "--bundle", bundle.directory, box.id()];
  const { status, stderr } = await box.call(flags);
  expect(status).toBe(1);
  expect(stderr).toContain(`unable to start unit \\"runc-${box.name}.scope\\"`);
  expect((await box.state(first)).status).toBe("running");
});

for (const [name, edit] of [
  ["itself", () => {}],
  [
    "in its subgroup",
    (config) => {
      config.annotations = { "run.oci.systemd.subgroup": "container" };
    },
  ],
] as [string, Edit][]) {
  scenario(`systemd: a scope with processes ${name} is refused, and left alone`, needs, async (box) => {
    const both: Edit = (config) => {
      at(`system.slice:runc:${box.name}`)(config);
      edit(config);
    };
    const first = await run(box, both);
    for (const verb of ["run", "create"]) {
      const bundle = box.probe(["sleep"], both);
      const { status, stderr } = await box.call([
        "--systemd-cgroup",
        verb,
        "--bundle",
        bundle.directory,
        box.id(),
      ]);
      expect(status).toBe(1);
      expect(stderr).toContain("container's cgroup is not empty: 1 process(es) found");
    }
    expect((await box.state(first)).status).toBe("running");
  });
}

/** `run` and `create` with that cgroupsPath fail with runc's message for a frozen cgroup, and start no unit. */
async function refusedAsFrozen(box: Sandbox, cgroupsPath: string): Promise<void> {
  for (const verb of ["run", "create"]) {
    const id = box.id();
    const bundle = box.probe(["sleep"], at(cgroupsPath));
    const { status, stderr } = await box.call(["--systemd-cgroup", verb, "--bundle", bundle.directory, id]);
    expect(status).toBe(1);
    expect(stderr).toContain("container's cgroup unexpectedly frozen");
    expect((await box.call(["state", id])).status).toBe(1);
    expect(show(`runc-${box.name}.scope`, "LoadState")).toEqual({ LoadState: "not-found" });
  }
}

const frozenState = (cgroup: string) => readFileSync(`${cgroup}/cgroup.freeze`, "utf8");

scenario("systemd: a frozen cgroup is refused, and stays frozen and there", needs, async (box) => {
  const cgroup = `/sys/fs/cgroup/system.slice/runc-${box.name}.scope`;
  mkdirSync(cgroup);
  writeFileSync(`${cgroup}/cgroup.freeze`, "1");
  await refusedAsFrozen(box, `system.slice:runc:${box.name}`);
  expect(frozenState(cgroup)).toBe("1\n");
  rmdirSync(cgroup);
});

// runc waits until the slice is thawed.
scenario(
  "systemd: a scope in a slice that was frozen by hand is refused",
  [...needs, buncOnly],
  async (box) => {
    const slice = `${box.name.replaceAll("-", "")}.slice`;
    const cgroup = `/sys/fs/cgroup/${slice}`;
    mkdirSync(cgroup);
    try {
      writeFileSync(`${cgroup}/cgroup.freeze`, "1");
      await refusedAsFrozen(box, `${slice}:runc:${box.name}`);
      expect(frozenState(cgroup)).toBe("1\n");
    } finally {
      rmdirSync(cgroup);
    }
  },
);

scenario(
  "systemd: a scope in a slice that systemd has frozen is refused, and taken after the thaw",
  [...needs, buncOnly],
  async (box) => {
    const slice = `${box.name.replaceAll("-", "")}.slice`;
    const first = await run(box, at(`${slice}:first:${box.name}`));
    const systemctl = (verb: string) => Bun.spawnSync(["systemctl", verb, slice]).exitCode;
    expect(systemctl("freeze")).toBe(0);
    try {
      await refusedAsFrozen(box, `${slice}:runc:${box.name}`);
    } finally {
      expect(systemctl("thaw")).toBe(0);
    }
    expect((await box.state(first)).status).toBe("running");
    const second = await run(box, at(`${slice}:runc:${box.name}`));
    expect((await box.state(second)).status).toBe("running");
  },
);

scenario("systemd: without the flag a container is still removed with its scope", needs, async (box) => {
  const id = await run(box);
  await box.must(["kill", id, "KILL"]);
  await box.must(["delete", "--force", id]);
  expect(show(`runc-${id}.scope`, "ActiveState")).toEqual({ ActiveState: "inactive" });
});

for (const [name, edit, message] of [
  ["a path", { cgroupsPath: "/a/b" }, "expected cgroupsPath to be of format"],
  ["no slice", { cgroupsPath: "a:b:c" }, "invalid slice name: a"],
] as const) {
  scenario(`systemd: refused: ${name}`, [...needs, buncOnly], async (box) => {
    const bundle = box.probe([], (config) => Object.assign(config.linux, edit));
    const { status, stderr } = await box.call([
      "--systemd-cgroup",
      "run",
      "--bundle",
      bundle.directory,
      box.id(),
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
}
