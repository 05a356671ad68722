import { expect } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { addNamespace, addUserNamespace, removeNamespace } from "../harness/config.ts";
import { notIn, root, timeNamespaces, userNamespaces } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

const hostLink = (type: string) => readlinkSync(`/proc/self/ns/${type}`);
const kernelName: Record<string, string> = { network: "net", mount: "mnt" };

for (const type of ["pid", "network", "ipc", "uts", "mount"]) {
  scenario(`a new ${type} namespace`, [root], async (box) => {
    const report = await box.report(["namespaces"]);
    const name = kernelName[type] ?? type;
    expect(report.namespaces[name]).toMatch(new RegExp(`^${name}:\\[\\d+\\]$`));
    expect(report.namespaces[name]).not.toBe(hostLink(name));
  });
}

for (const type of ["pid", "network", "ipc"]) {
  scenario(`without ${type} in the list the container shares the host's`, [root], async (box) => {
    const report = await box.report(["namespaces"], (config) => removeNamespace(config, type));
    const name = kernelName[type] ?? type;
    expect(report.namespaces[name]).toBe(hostLink(name));
  });
}

scenario("user and cgroup namespaces are shared unless asked for", [root], async (box) => {
  const report = await box.report(["namespaces"]);
  expect(report.namespaces["user"]).toBe(hostLink("user"));
  expect(report.namespaces["cgroup"]).toBe(hostLink("cgroup"));
});

scenario("a new cgroup namespace hides the host's paths", [root], async (box) => {
  const report = await box.report(["namespaces", "read:/proc/self/cgroup"], (config) =>
    addNamespace(config, "cgroup"),
  );
  expect(report.namespaces["cgroup"]).not.toBe(hostLink("cgroup"));
  const paths = report
    .read("/proc/self/cgroup")
    .trim()
    .split("\n")
    .map((line) => line.split(":")[2]);
  expect(paths.filter((path) => path === "/").length).toBeGreaterThan(0);
  expect(report.read("/proc/self/cgroup")).not.toContain(box.name);
});

scenario("the process is pid 1 of its pid namespace, with the host as parent", [root], async (box) => {
  const { self } = await box.report(["self"]);
  expect(self.pid).toBe(1);
  expect(self.ppid).toBe(0);
  expect(self.sid).toBe(1);
});

scenario("lo is up in a new network namespace", [root], async (box) => {
  const { self } = await box.report(["self"]);
  expect(self.loopback).toEqual({ errno: "ok", up: true });
});

scenario("hostname is set in the container only", [root], async (box) => {
  const before = readFileSync("/proc/sys/kernel/hostname", "utf8");
  const { self } = await box.report(["self"], (config) => {
    config.hostname = "strange-name";
  });
  expect(self.hostname).toBe("strange-name");
  expect(readFileSync("/proc/sys/kernel/hostname", "utf8")).toBe(before);
});

for (const type of ["network", "ipc", "uts", "pid"]) {
  scenario(`joins a ${type} namespace by path`, [root], async (box) => {
    const owner = await box.started(box.probe(["sleep"]));
    const { pid } = await box.state(owner);
    const name = kernelName[type] ?? type;
    const path = `/proc/${pid}/ns/${name}`;
    const expected = readlinkSync(path);
    const report = await box.report(["namespaces", "self"], (config) => {
      removeNamespace(config, type);
      addNamespace(config, type, path);
      if (type === "uts") delete config.hostname;
    });
    expect(report.namespaces[name]).toBe(expected);
    if (type === "pid") expect(report.self.pid).not.toBe(1);
    if (type === "uts") expect(report.self.hostname).toBe("container");
  });
}

scenario(
  "a new user namespace with mappings: root inside, an ordinary id outside",
  [root, userNamespaces],
  async (box) => {
    const bundle = box.probe(
      [
        "self",
        "namespaces",
        "read:/proc/self/uid_map",
        "read:/proc/self/gid_map",
        "stat:/probe",
        "stat:/dev/null",
      ],
      (config) => addUserNamespace(config),
    );
    await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
    const report = await box.reportOf(bundle);
    expect(report.namespaces["user"]).not.toBe(hostLink("user"));
    expect(report.self.uids).toEqual([0, 0, 0]);
    expect(report.read("/proc/self/uid_map").trim().split(/\s+/)).toEqual(["0", "100000", "65536"]);
    expect(report.read("/proc/self/gid_map").trim().split(/\s+/)).toEqual(["0", "100000", "65536"]);
    expect(report.get("stat:/probe").uid).toBe(0);
  },
);

scenario(
  "a new time namespace",
  [root, timeNamespaces, notIn("runc", "time namespaces came with 1.2")],
  async (box) => {
    const report = await box.report(["namespaces"], (config) => addNamespace(config, "time"));
    expect(report.namespaces["time"]).not.toBe(hostLink("time"));
  },
);

scenario(
  "clock offsets with a user namespace",
  [root, userNamespaces, timeNamespaces, notIn("runc", "1.1.5 has no time namespaces")],
  async (box) => {
    const bundle = box.probe(["read:/proc/self/timens_offsets"], (config) => {
      addUserNamespace(config);
      addNamespace(config, "time");
      config.linux["timeOffsets"] = { monotonic: { secs: 7881, nanosecs: 2718281 } };
    });
    await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
    const text = (await box.reportOf(bundle)).read("/proc/self/timens_offsets");
    expect(text).toMatch(/^monotonic\s+7881\s+2718281$/m);
  },
);
