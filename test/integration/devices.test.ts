import { expect } from "bun:test";
import { chownSync, existsSync, statSync } from "node:fs";
import { addCapabilities, addUserNamespace, type Config } from "../harness/config.ts";
import { rootless } from "../harness/ordinary-user.ts";
import { notIn, root, userNamespaces } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

const defaultDevices: { path: string; major: number; minor: number }[] = [
  { path: "/dev/null", major: 1, minor: 3 },
  { path: "/dev/zero", major: 1, minor: 5 },
  { path: "/dev/full", major: 1, minor: 7 },
  { path: "/dev/random", major: 1, minor: 8 },
  { path: "/dev/urandom", major: 1, minor: 9 },
  { path: "/dev/tty", major: 5, minor: 0 },
];

scenario("the default devices", [root], async (box) => {
  const report = await box.report(defaultDevices.map(({ path }) => `stat:${path}`));
  for (const { path, major, minor } of defaultDevices) {
    expect(report.get(`stat:${path}`)).toMatchObject({
      type: "char",
      major,
      minor,
      mode: 0o666,
      uid: 0,
      gid: 0,
    });
  }
});

const links: { path: string; target: string }[] = [
  { path: "/dev/ptmx", target: "pts/ptmx" },
  { path: "/dev/fd", target: "/proc/self/fd" },
  { path: "/dev/stdin", target: "/proc/self/fd/0" },
  { path: "/dev/stdout", target: "/proc/self/fd/1" },
  { path: "/dev/stderr", target: "/proc/self/fd/2" },
];

scenario("the default links in /dev", [root], async (box) => {
  const report = await box.report(links.map(({ path }) => `link:${path}`));
  for (const { path, target } of links) expect(report.get(`link:${path}`).target).toBe(target);
});

const kcore = () => (existsSync("/proc/kcore") ? null : "the kernel has no /proc/kcore");

scenario("/dev/core leads to /proc/kcore", [root, kcore], async (box) => {
  expect((await box.report(["link:/dev/core"])).get("link:/dev/core").target).toBe("/proc/kcore");
});

scenario("/dev/pts/ptmx is open to all", [root], async (box) => {
  const report = await box.report(["stat:/dev/pts/ptmx"]);
  expect(report.get("stat:/dev/pts/ptmx")).toMatchObject({ mode: 0o666, major: 5, minor: 2 });
});

const comparesText = notIn(
  "runc",
  "compares paths as text: it makes the default device, and not the other one",
);

scenario(
  "a configured device replaces a default one, however its path is written",
  [root, comparesText],
  async (box) => {
    const report = await box.report(["stat:/dev/null"], (config) => {
      config.linux.devices = [{ path: "/dev//null", type: "c", major: 1, minor: 5, fileMode: 0o600 }];
    });
    expect(report.get("stat:/dev/null")).toMatchObject({ type: "char", major: 1, minor: 5, mode: 0o600 });
  },
);

scenario("configured devices: character, block, fifo, with mode and owner", [root], async (box) => {
  const report = await box.report(
    ["stat:/dev/my-char", "stat:/dev/my-block", "stat:/dev/my-fifo", "stat:/deep/er/dev"],
    (config) => {
      config.root.readonly = false;
      config.linux.devices = [
        { path: "/dev/my-char", type: "c", major: 10, minor: 229, fileMode: 0o640, uid: 11, gid: 22 },
        { path: "/dev/my-block", type: "b", major: 7, minor: 300, fileMode: 0o600 },
        { path: "/dev/my-fifo", type: "p", fileMode: 0o622 },
        { path: "/deep/er/dev", type: "u", major: 1, minor: 3, fileMode: 0o666 },
      ];
    },
  );
  expect(report.get("stat:/dev/my-char")).toMatchObject({
    type: "char",
    major: 10,
    minor: 229,
    mode: 0o640,
    uid: 11,
    gid: 22,
  });
  expect(report.get("stat:/dev/my-block")).toMatchObject({
    type: "block",
    major: 7,
    minor: 300,
    mode: 0o600,
  });
  expect(report.get("stat:/dev/my-fifo")).toMatchObject({ type: "fifo", mode: 0o622 });
  expect(report.get("stat:/deep/er/dev")).toMatchObject({ type: "char", major: 1, minor: 3 });
});

scenario("a device that takes a default one's place keeps the configured mode", [root], async (box) => {
  const report = await box.report(["stat:/dev/full"], (config) => {
    config.linux.devices = [
      { path: "/dev/full", type: "c", major: 1, minor: 7, fileMode: 0o600, uid: 7, gid: 8 },
    ];
  });
  expect(report.get("stat:/dev/full")).toMatchObject({ mode: 0o600, uid: 7, gid: 8 });
});

scenario("device access: default devices open, others are refused", [root], async (box) => {
  const report = await box.report(
    ["open:/dev/null", "open:/dev/zero", "mknod:/dev/kmsg2,c,1,11", "open:/dev/kmsg2"],
    (config) => addCapabilities(config, "CAP_MKNOD", "CAP_SYSLOG"),
  );
  expect(report.errno("open:/dev/null")).toBe("ok");
  expect(report.errno("open:/dev/zero")).toBe("ok");
  expect(report.errno("mknod:/dev/kmsg2,c,1,11")).toBe("ok");
  expect(report.errno("open:/dev/kmsg2")).toBe("EPERM");
});

scenario("no device can be made without CAP_MKNOD", [root], async (box) => {
  const report = await box.report(["mknod:/dev/new,c,1,3"]);
  expect(report.errno("mknod:/dev/new,c,1,3")).toBe("EPERM");
});

scenario("/dev bound from the host is left as it is", [root], async (box) => {
  const report = await box.report(["stat:/dev/null", "stat:/dev/pts"], (config) => {
    config.mounts = config.mounts.filter((mount) => !mount.destination.startsWith("/dev"));
    config.mounts.push({ destination: "/dev", type: "bind", source: "/dev", options: ["rbind", "ro"] });
  });
  expect(report.get("stat:/dev/null")).toMatchObject({ type: "char", major: 1, minor: 3 });
});

/** user_namespaces(7): the id that the kernel shows for one without a mapping. */
const OVERFLOW_ID = 65534;

/** One of the default devices is configured too: its owner must not be applied to the host's node. */
function withConfiguredTty(config: Config): void {
  config.linux.devices = [
    { path: "/dev/tty", type: "c", major: 5, minor: 0, fileMode: 0o600, uid: 0, gid: 0 },
  ];
}

const ownersOnHost = () =>
  defaultDevices.map(({ path }) => {
    const { uid, gid, mode } = statSync(path);
    return { path, uid, gid, mode };
  });

const nodes = defaultDevices.map(({ path }) => `stat:${path}`);

scenario(
  "in a user namespace the nodes are the host's, and stay as they are",
  [root, userNamespaces],
  async (box) => {
    const before = ownersOnHost();
    const bundle = box.probe(nodes, (config) => {
      addUserNamespace(config);
      withConfiguredTty(config);
    });
    chownSync(bundle.rootfs, 100000, 100000);
    const report = await box.reportOf(bundle);
    for (const { path, major, minor } of defaultDevices) {
      const { mode } = statSync(path);
      const owner = { uid: OVERFLOW_ID, gid: OVERFLOW_ID };
      expect(report.get(`stat:${path}`)).toMatchObject({
        type: "char",
        mode: mode & 0o7777,
        major,
        minor,
        ...owner,
      });
    }
    expect(ownersOnHost()).toEqual(before);
  },
);

rootless(
  "an ordinary user's container has the host's nodes, and leaves them as they are",
  [],
  async (user) => {
    const before = ownersOnHost();
    const report = await user.report(user.probe(nodes, withConfiguredTty));
    for (const { path, major, minor } of defaultDevices) {
      expect(report.get(`stat:${path}`)).toMatchObject({ major, minor, uid: OVERFLOW_ID, gid: OVERFLOW_ID });
    }
    expect(ownersOnHost()).toEqual(before);
  },
);
