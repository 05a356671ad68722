import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type Config, type Mount, mountOf } from "../harness/config.ts";
import { type MountEntry, mountAt } from "../harness/mountinfo.ts";
import { buncOnly, notIn, overlay, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

const mountinfo = "read:/proc/self/mountinfo";

/** The options in mountinfo that restrict access, without the access time policy. */
const flagsOf = (entry: MountEntry | undefined) =>
  (entry?.options ?? []).filter((option) => !option.endsWith("atime")).sort();

const defaults: { target: string; type: string; flags: string[] }[] = [
  { target: "/proc", type: "proc", flags: ["rw"] },
  { target: "/dev", type: "tmpfs", flags: ["nosuid", "rw"] },
  { target: "/dev/pts", type: "devpts", flags: ["noexec", "nosuid", "rw"] },
  { target: "/dev/shm", type: "tmpfs", flags: ["nodev", "noexec", "nosuid", "rw"] },
  { target: "/dev/mqueue", type: "mqueue", flags: ["nodev", "noexec", "nosuid", "rw"] },
  { target: "/sys", type: "sysfs", flags: ["nodev", "noexec", "nosuid", "ro"] },
];

for (const { target, type, flags } of defaults) {
  scenario(`the default specification's ${target}`, [root], async (box) => {
    const entry = mountAt((await box.report([mountinfo])).mounts, target);
    expect(entry?.type).toBe(type);
    expect(flagsOf(entry)).toEqual(flags);
  });
}

const defaultsAlone = notIn("runc", "1.1.5 hands it to the file system, later ones do not");

scenario("the option defaults alone", [root, defaultsAlone], async (box) => {
  const report = await box.report([mountinfo], (config) => {
    config.mounts.push({ destination: "/t", type: "tmpfs", source: "tmpfs", options: ["defaults"] });
  });
  expect(flagsOf(mountAt(report.mounts, "/t"))).toEqual(["rw"]);
});

const tmpfsOptions: { options: string[]; flags: string[] }[] = [
  { options: [], flags: ["rw"] },
  { options: ["ro"], flags: ["ro"] },
  { options: ["ro", "rw"], flags: ["rw"] },
  { options: ["nosuid"], flags: ["nosuid", "rw"] },
  { options: ["nosuid", "suid"], flags: ["rw"] },
  { options: ["nodev", "noexec"], flags: ["nodev", "noexec", "rw"] },
  { options: ["nodev", "dev", "noexec", "exec"], flags: ["rw"] },
];

for (const { options, flags } of tmpfsOptions) {
  scenario(`tmpfs with options [${options}]`, [root], async (box) => {
    const report = await box.report([mountinfo], (config) => {
      config.mounts.push({ destination: "/t", type: "tmpfs", source: "tmpfs", options });
    });
    expect(flagsOf(mountAt(report.mounts, "/t"))).toEqual(flags);
  });
}

const accessTimes: { options: string[]; shown: string | undefined }[] = [
  { options: ["noatime"], shown: "noatime" },
  { options: ["relatime"], shown: "relatime" },
  { options: ["strictatime"], shown: undefined },
  { options: ["noatime", "atime"], shown: "relatime" },
];

for (const { options, shown } of accessTimes) {
  scenario(`access times with options [${options}]`, [root], async (box) => {
    const report = await box.report([mountinfo], (config) => {
      config.mounts.push({ destination: "/t", type: "tmpfs", source: "tmpfs", options });
    });
    const entry = mountAt(report.mounts, "/t");
    expect(entry?.options.find((option) => /^(no|rel)atime$/.test(option))).toBe(shown);
  });
}

scenario("tmpfs data: size, mode and inodes reach the file system", [root], async (box) => {
  const report = await box.report([mountinfo, "stat:/t", "statfs:/t"], (config) => {
    const options = ["size=1048576", "mode=1751", "nr_inodes=77", "uid=12", "gid=34"];
    config.mounts.push({ destination: "/t", type: "tmpfs", source: "tmpfs", options });
  });
  expect(report.get("stat:/t")).toMatchObject({ mode: 0o1751, uid: 12, gid: 34 });
  expect(report.get("statfs:/t")).toMatchObject({ bytes: "1048576", inodes: "77" });
});

const binds: { name: string; options: string[]; flags: string[]; write: string }[] = [
  { name: "bind", options: ["bind"], flags: ["rw"], write: "ok" },
  { name: "rbind", options: ["rbind"], flags: ["rw"], write: "ok" },
  { name: "read-only bind", options: ["bind", "ro"], flags: ["ro"], write: "EROFS" },
  { name: "read-only rbind", options: ["rbind", "ro"], flags: ["ro"], write: "EROFS" },
  {
    name: "bind with nosuid,nodev,noexec",
    options: ["bind", "nosuid", "nodev", "noexec"],
    flags: ["nodev", "noexec", "nosuid", "rw"],
    write: "ok",
  },
];

for (const { name, options, flags, write } of binds) {
  scenario(`${name} of a directory`, [root], async (box) => {
    const source = box.path("shared");
    mkdirSync(source);
    writeFileSync(`${source}/file`, "from the host");
    const report = await box.report([mountinfo, "read:/data/file", "write:/data/file=changed"], (config) => {
      config.mounts.push({ destination: "/data", type: "bind", source, options });
    });
    expect(flagsOf(mountAt(report.mounts, "/data"))).toEqual(flags);
    expect(report.read("/data/file")).toBe("from the host");
    expect(report.errno("write:/data/file=changed")).toBe(write);
  });
}

scenario("bind of a file makes the target, with its directories", [root], async (box) => {
  writeFileSync(box.path("file"), "contents");
  const report = await box.report(["read:/etc/deep/name", "stat:/etc/deep"], (config) => {
    config.mounts.push({
      destination: "/etc/deep/name",
      type: "bind",
      source: box.path("file"),
      options: ["bind"],
    });
  });
  expect(report.read("/etc/deep/name")).toBe("contents");
  expect(report.get("stat:/etc/deep").type).toBe("directory");
});

scenario("type none with bind, and a source relative to the bundle", [root], async (box) => {
  const bundle = box.probe(["read:/data/file"], (config) => {
    config.mounts.push({ destination: "/data", type: "none", source: "near", options: ["bind"] });
  });
  mkdirSync(`${bundle.directory}/near`);
  writeFileSync(`${bundle.directory}/near/file`, "beside the configuration");
  expect((await box.reportOf(bundle)).read("/data/file")).toBe("beside the configuration");
});

scenario(
  "a destination that begins with the path of the root file system is a path below it",
  [root, notIn("runc", "1.1.5 leaves the path as it is")],
  async (box) => {
    const bundle = box.probe([mountinfo]);
    bundle.edit((config) => {
      for (const place of [`${bundle.rootfs}/data`, `${bundle.rootfs}x/data`])
        config.mounts.push({ destination: place, type: "tmpfs", source: "tmpfs" });
    });
    const { mounts } = await box.reportOf(bundle);
    expect(mountAt(mounts, "/data")?.type).toBe("tmpfs");
    expect(mountAt(mounts, `${bundle.rootfs}/data`)).toBeUndefined();
    expect(mountAt(mounts, `${bundle.rootfs}x/data`)?.type).toBe("tmpfs");
  },
);

scenario(
  "a destination below /proc is refused even if it begins with the path of the root file system",
  [root, notIn("runc", "1.1.5 leaves the path as it is")],
  async (box) => {
    const bundle = box.probe(["exit:0"]);
    bundle.edit((config) => {
      const destination = `${bundle.rootfs}/proc/sys`;
      config.mounts.push({ destination, type: "tmpfs", source: "tmpfs" });
    });
    const result = await box.run(bundle);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("cannot be mounted because it is inside /proc");
  },
);

/** The propagation option of a bind mount, and the propagation that mountinfo shows. */
const propagations: { option: string; shown: RegExp }[] = [
  { option: "private", shown: /^$/ },
  { option: "rprivate", shown: /^$/ },
  { option: "slave", shown: /^(master:\d+)?$/ },
  { option: "rslave", shown: /^(master:\d+)?$/ },
  // If the source's mount is shared, as under systemd, the new mount is also its slave.
  { option: "shared", shown: /^shared:\d+( master:\d+)?$/ },
  { option: "rshared", shown: /^shared:\d+( master:\d+)?$/ },
  { option: "unbindable", shown: /^unbindable$/ },
];

for (const { option, shown } of propagations) {
  scenario(`propagation ${option} of a bind mount`, [root], async (box) => {
    mkdirSync(box.path("shared"));
    const report = await box.report([mountinfo], (config) => {
      config.mounts.push({
        destination: "/data",
        type: "bind",
        source: box.path("shared"),
        options: ["bind", option],
      });
    });
    expect(mountAt(report.mounts, "/data")?.propagation.join(" ")).toMatch(shown);
  });
}

const shareable = notIn("runc", "1.1.5 leaves the root private");
for (const [value, shown, needs] of [
  ["private", /^$/, []],
  ["rslave", /^(master:\d+)?$/, []],
  ["shared", /^shared:\d+/, [shareable]],
] as const) {
  scenario(`rootfsPropagation ${value}`, [root, ...needs], async (box) => {
    const report = await box.report([mountinfo], (config) => {
      config.linux.rootfsPropagation = value;
    });
    expect(mountAt(report.mounts, "/")?.propagation.join(" ")).toMatch(shown);
  });
}

scenario(
  "where the host's mounts are shared, binds follow them and the root does not",
  [root, buncOnly],
  async (box) => {
    mkdirSync(box.path("followed"));
    const bundle = box.probe([mountinfo], (config) => {
      config.mounts.push({
        destination: "/data",
        type: "bind",
        source: box.path("followed"),
        options: ["bind"],
      });
    });
    const shared = 'mount --make-rshared / && exec "$0" "$@"';
    const wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-c", shared];
    const { mounts } = await box.reportOf(bundle, [], { wrapper });
    expect(mountAt(mounts, "/")?.propagation).toEqual([]);
    expect(mountAt(mounts, "/data")?.propagation.join(" ")).toMatch(/^master:\d+$/);
  },
);

scenario("nothing of the container's mounts reaches the host", [root], async (box) => {
  const before = readFileSync("/proc/self/mountinfo", "utf8");
  const id = await box.started(box.probe(["sleep"]));
  const now = readFileSync("/proc/self/mountinfo", "utf8");
  expect(now.split("\n").filter((line) => line.includes(box.name))).toEqual([]);
  expect(before).not.toContain(box.name);
  await box.must(["delete", "--force", id]);
});

scenario("overlay with a lower, an upper and a work directory", [root, overlay], async (box) => {
  // The temporary directory may itself be an overlay, which cannot hold an upper directory; a tmpfs can.
  const base = box.path("layers");
  mkdirSync(base);
  await Bun.$`mount -t tmpfs none ${base}`.quiet();
  try {
    for (const name of ["lower", "upper", "work"]) mkdirSync(`${base}/${name}`);
    writeFileSync(`${base}/lower/file`, "below");
    const report = await box.report([mountinfo, "read:/o/file", "create:/o/new=above"], (config) => {
      const options = [`lowerdir=${base}/lower`, `upperdir=${base}/upper`, `workdir=${base}/work`];
      config.mounts.push({ destination: "/o", type: "overlay", source: "overlay", options });
    });
    expect(mountAt(report.mounts, "/o")?.type).toBe("overlay");
    expect(report.read("/o/file")).toBe("below");
    expect(report.errno("create:/o/new=above")).toBe("ok");
    expect(readFileSync(`${base}/upper/new`, "utf8")).toBe("above");
  } finally {
    await Bun.$`umount ${base}`.quiet();
  }
});

scenario(
  "recursive read-only reaches the mounts below",
  [root, notIn("runc", "recursive attributes came with 1.1.8")],
  async (box) => {
    const source = box.path("tree");
    mkdirSync(`${source}/below`, { recursive: true });
    await Bun.$`mount -t tmpfs none ${source}/below`.quiet();
    try {
      writeFileSync(`${source}/below/file`, "");
      const report = await box.report([mountinfo, "write:/data/below/file=x"], (config) => {
        config.mounts.push({ destination: "/data", type: "bind", source, options: ["rbind", "rro"] });
      });
      expect(report.errno("write:/data/below/file=x")).toBe("EROFS");
      expect(flagsOf(mountAt(report.mounts, "/data/below"))).toContain("ro");
    } finally {
      await Bun.$`umount ${source}/below`.quiet();
    }
  },
);

scenario("a plain ro rbind leaves the mounts below writable", [root], async (box) => {
  const source = box.path("tree");
  mkdirSync(`${source}/below`, { recursive: true });
  await Bun.$`mount -t tmpfs none ${source}/below`.quiet();
  try {
    writeFileSync(`${source}/below/file`, "");
    const report = await box.report(["write:/data/below/file=x"], (config) => {
      config.mounts.push({ destination: "/data", type: "bind", source, options: ["rbind", "ro"] });
    });
    expect(report.errno("write:/data/below/file=x")).toBe("ok");
  } finally {
    await Bun.$`umount ${source}/below`.quiet();
  }
});

scenario("tmpcopyup brings what was there", [root], async (box) => {
  const bundle = box.probe(["read:/etc/file", "create:/etc/other=x"], (config) => {
    config.mounts.push({ destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"] });
  });
  mkdirSync(`${bundle.rootfs}/etc`);
  writeFileSync(`${bundle.rootfs}/etc/file`, "copied up");
  const report = await box.reportOf(bundle);
  expect(report.read("/etc/file")).toBe("copied up");
  expect(report.errno("create:/etc/other=x")).toBe("ok");
});

scenario("masked paths: files read empty, directories list nothing", [root], async (box) => {
  const bundle = box.probe(
    ["read:/secret", "list:/hidden", "create:/hidden/new=x", "read:/proc/timer_list", "list:/sys/firmware"],
    (config) => {
      config.root.readonly = false;
      config.linux.maskedPaths?.push("/secret", "/hidden", "/not/there");
    },
  );
  writeFileSync(`${bundle.rootfs}/secret`, "not to be seen");
  mkdirSync(`${bundle.rootfs}/hidden`);
  writeFileSync(`${bundle.rootfs}/hidden/file`, "");
  const report = await box.reportOf(bundle);
  expect(report.read("/secret")).toBe("");
  expect(report.get("list:/hidden").entries).toEqual([]);
  expect(report.errno("create:/hidden/new=x")).toBe("EROFS");
  if (existsSync("/proc/timer_list")) expect(report.read("/proc/timer_list")).toBe("");
  expect(report.get("list:/sys/firmware").entries ?? []).toEqual([]);
});

scenario("read-only paths are readable, and not writable", [root], async (box) => {
  const bundle = box.probe(
    ["read:/fixed/file", "write:/fixed/file=x", "write:/proc/sys/kernel/domainname=x", "write:/free=x"],
    (config) => {
      config.root.readonly = false;
      config.linux.readonlyPaths?.push("/fixed", "/not/there");
    },
  );
  mkdirSync(`${bundle.rootfs}/fixed`);
  writeFileSync(`${bundle.rootfs}/fixed/file`, "fixed");
  writeFileSync(`${bundle.rootfs}/free`, "");
  const report = await box.reportOf(bundle);
  expect(report.read("/fixed/file")).toBe("fixed");
  expect(report.errno("write:/fixed/file=x")).toBe("EROFS");
  expect(report.errno("write:/proc/sys/kernel/domainname=x")).toBe("EROFS");
  expect(report.errno("write:/free=x")).toBe("ok");
});

scenario("the cgroup mount shows the container's own cgroup, read-only", [root], async (box) => {
  const report = await box.report([mountinfo, "list:/sys/fs/cgroup"]);
  // The tmpfs that contains the cgroup v1 hierarchies is not a hierarchy itself.
  const mounts = report.mounts.filter((entry) => entry.type.startsWith("cgroup"));
  expect(mounts.length).toBeGreaterThan(0);
  for (const mount of mounts) expect(mount.options).toContain("ro");
});

scenario("mounts are made in the order of the configuration", [root], async (box) => {
  mkdirSync(box.path("first"));
  mkdirSync(box.path("second"));
  writeFileSync(box.path("first/name"), "first");
  writeFileSync(box.path("second/name"), "second");
  const bind = (source: string): Mount => ({ destination: "/data", type: "bind", source, options: ["bind"] });
  const edit = (order: string[]) => (config: Config) => {
    for (const name of order) config.mounts.push(bind(box.path(name)));
  };
  expect((await box.report(["read:/data/name"], edit(["first", "second"]))).read("/data/name")).toBe(
    "second",
  );
  expect((await box.report(["read:/data/name"], edit(["second", "first"]))).read("/data/name")).toBe("first");
});

scenario("a mount point below a symbolic link stays inside the root file system", [root], async (box) => {
  mkdirSync(box.path("shared"));
  writeFileSync(box.path("shared/file"), "inside");
  const bundle = box.probe(["read:/real/place/file"], (config) => {
    config.mounts.push({
      destination: "/link/place",
      type: "bind",
      source: box.path("shared"),
      options: ["bind"],
    });
  });
  mkdirSync(`${bundle.rootfs}/real`);
  await Bun.$`ln -s /real ${bundle.rootfs}/link`.quiet();
  expect((await box.reportOf(bundle)).read("/real/place/file")).toBe("inside");
});

scenario("a writable /sys when the option ro is left out", [root], async (box) => {
  const report = await box.report([mountinfo], (config) => {
    mountOf(config, "/sys").options = ["nosuid", "noexec", "nodev"];
  });
  expect(flagsOf(mountAt(report.mounts, "/sys"))).toContain("rw");
});
