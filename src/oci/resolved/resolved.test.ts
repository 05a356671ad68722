/** The same question, asked in every way that a configuration can ask it, gets one answer, whoever needs it. */
import { describe, expect, test } from "bun:test";
import { mountsDevices } from "../../cgroup/devices.ts";
import { fakeTexts } from "../../host/fake-texts.ts";
import { hostFacts } from "../../host/host.ts";
import { MOUNT_ATTR } from "../../native/boundary.gen.ts";
import { planMountPoints } from "../../plan/mount-points.ts";
import { stringifyJson } from "../json.ts";
import { loadConfig } from "../validate.ts";
import { type ResolvedConfig, resolveConfig } from "./config.ts";
import { isReadonly } from "./mounts.ts";

// biome-ignore lint/suspicious/noExplicitAny: members of a config before it is checked
type Raw = any;

const host = hostFacts(fakeTexts);
const bundle = "/bundle";

function resolved(members: Raw, linux: Raw = {}): ResolvedConfig {
  const document = {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { args: ["sh"], cwd: "/" },
    ...members,
    linux: { namespaces: [{ type: "mount" }, { type: "pid" }], ...linux },
  };
  const facts = { host, bundle, noPivot: false, rootlessCgroups: false };
  return resolveConfig(loadConfig(stringifyJson(document), facts).value, bundle);
}

function mount(type: string, source: string, destination: string, ...options: string[]) {
  const [first] = resolved({ mounts: [{ type, source, destination, options }] }).mounts;
  if (first === undefined) throw new Error("no mount");
  return first;
}

describe("a read-only cgroup mount", () => {
  const spellings: string[][] = [
    ["ro"],
    ["nosuid,ro"],
    ["nosuid", "noexec,ro,nodev"],
    ["rw", "ro"],
    ["rw,ro"],
    ["rro"],
    ["ro,ro"],
  ];
  for (const options of spellings) {
    test(options.join(" "), () => {
      const cgroup = mount("cgroup", "cgroup", "/sys/fs/cgroup", ...options);
      expect([cgroup.kind, isReadonly(cgroup)]).toEqual(["cgroup", true]);
    });
  }
  test.each([[["rw"]], [["ro", "rw"]], [["ro,rw"]], [[]]])("not with %j", (options) => {
    expect(isReadonly(mount("cgroup", "cgroup", "/sys/fs/cgroup", ...options))).toBe(false);
  });
});

test("the target of a mount, however its destination is written", () => {
  for (const destination of [
    "/sys/fs/cgroup",
    "/sys/fs/cgroup/",
    "//sys/./fs/cgroup",
    "sys/fs/cgroup",
    "/bundle/rootfs/sys/fs/cgroup",
  ]) {
    expect([destination, mount("cgroup", "cgroup", destination).target]).toEqual([
      destination,
      "/sys/fs/cgroup",
    ]);
  }
});

test("what a mount is", () => {
  const table: [type: string, options: string[], kind: string][] = [
    ["cgroup", [], "cgroup"],
    ["cgroup", ["bind"], "bind"],
    ["cgroup", ["remount,ro"], "remount"],
    ["bind", [], "bind"],
    ["none", ["rbind"], "bind"],
    ["none", ["nosuid,rbind"], "bind"],
    ["none", ["bind", "remount"], "bind_remount"],
    ["tmpfs", ["remount"], "remount"],
    ["ext4", ["ro"], "filesystem"],
  ];
  for (const [type, options, kind] of table) {
    expect([type, options, mount(type, "/srv", "/m", ...options).kind]).toEqual([type, options, kind]);
  }
  for (const options of [
    ["rbind"],
    ["bind", "rbind"],
    ["rbind,bind"],
    ["rbind", "rbind"],
    ["ro,rbind,nosuid"],
  ]) {
    expect([options, mount("none", "/srv", "/m", ...options).recursive]).toEqual([options, true]);
  }
});

test("only a file system from a disk opens a device", () => {
  const opens = (type: string, ...options: string[]) =>
    mountsDevices([mount(type, "/dev/sda", "/m", ...options)]);
  expect(opens("ext4", "ro")).toBe(true);
  expect(opens("none", "nosuid,bind")).toBe(false);
  expect(opens("ext4", "remount")).toBe(false);
  expect(opens("bind")).toBe(false);
});

test("sources of binds start at the bundle, for the rules too", () => {
  expect(mount("none", "data/../x", "/m", "bind").source).toBe("/bundle/x");
  expect(mount("none", "../proc", "/proc", "bind").source).toBe("/proc");
  expect(mount("tmpfs", "tmpfs", "/m").source).toBe("tmpfs");
});

test("the places that mounts need are those of every mount but cgroups, under their own names", () => {
  const config = resolved({
    mounts: [
      { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup" },
      { destination: "/a", type: "cgroup", source: "/srv", options: ["bind"] },
      { destination: "/t", type: "tmpfs", source: "tmpfs" },
    ],
  });
  const options = { id: "c", bundle, rootfs: "/bundle/rootfs", cgroupDirectories: new Map() };
  const { steps } = planMountPoints(config, host, options);
  expect(steps.flatMap(({ subject, op }) => ("mount" in op ? [[subject, op.mount.target]] : []))).toEqual([
    ["mounts[1]", "/a"],
    ["mounts[2]", "/t"],
  ]);
});

test("a device of the configuration takes the place of a default one, however its path is written", () => {
  for (const path of ["/dev/null", "/dev//null", "dev/null", "/dev/./null"]) {
    const { devices } = resolved({}, { devices: [{ path, type: "c", major: 5, minor: 9 }] }).linux;
    const found = devices.filter((device) => device.path === "/dev/null");
    expect(found.map(({ subject, minor }) => [path, subject, minor])).toEqual([
      [path, "linux.devices[0]", 9],
    ]);
  }
});

test("devices without a node", () => {
  const { devices } = resolved(
    {},
    {
      devices: [
        { path: "", type: "c" },
        { path: "/dev/pts/../ptmx", type: "c", major: 5, minor: 2 },
      ],
    },
  ).linux;
  expect(devices.filter(({ isDefault }) => !isDefault)).toEqual([]);
  expect(devices.length).toBe(6);
});

test("restricted paths, each once", () => {
  const paths = ["/proc/kcore", "", "proc//kcore", "/proc/./kcore/", "/x"];
  const { maskedPaths, readonlyPaths } = resolved({}, { maskedPaths: paths, readonlyPaths: paths }).linux;
  expect(maskedPaths).toEqual([
    { subject: "linux.maskedPaths[0]", path: "/proc/kcore" },
    { subject: "linux.maskedPaths[4]", path: "/x" },
  ]);
  expect(readonlyPaths.map(({ subject }) => subject)).toEqual([
    "linux.readonlyPaths[0]",
    "linux.readonlyPaths[4]",
  ]);
});

test("namespaces and the root", () => {
  const { root, linux } = resolved(
    { root: { path: "./a/../rootfs/" } },
    {
      namespaces: [{ type: "mount" }, { type: "network", path: "/run/netns/n" }],
      rootfsPropagation: "rslave",
    },
  );
  expect(root).toEqual({ path: "/bundle/rootfs", readonly: false });
  expect([...linux.namespaces]).toEqual([
    ["mount", { subject: "linux.namespaces[0]", path: null }],
    ["network", { subject: "linux.namespaces[1]", path: "/run/netns/n" }],
  ]);
  expect(linux.rootfsPropagation?.recursive).toBe(true);
});

test("nothing in a resolved mount is a list of option strings", () => {
  const all = mount("tmpfs", "tmpfs", "/m", "nosuid,size=1k", "noatime", "rshared", "tmpcopyup");
  expect(all).not.toHaveProperty("options");
  expect(all.attributes.set).toBe(MOUNT_ATTR.NOSUID | MOUNT_ATTR.NOATIME);
  expect(all.data).toEqual([{ key: "size", value: "1k" }]);
  expect(all.copyUp).toBe(true);
});
