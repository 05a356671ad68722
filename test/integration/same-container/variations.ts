/** The variations of config.json that are compared. */
import { mkdirSync, writeFileSync } from "node:fs";
import {
  addCapabilities,
  addNamespace,
  addUserNamespace,
  type Config,
  mountOf,
  removeNamespace,
} from "../../harness/config.ts";
import type { Bundle, Sandbox } from "../../harness/sandbox.ts";

export interface Variation {
  name: string;
  edit?: (config: Config, box: Sandbox) => void;
  prepare?: (bundle: Bundle, box: Sandbox) => Promise<void> | void;
  /** More probe actions. */
  actions?: string[];
  flags?: string[];
  userNamespace?: boolean;
}

const withMount =
  (destination: string, type: string, options: string[]) =>
  (config: Config): void => {
    config.mounts.push({ destination, type, source: type, options });
  };

const shared = (bundle: Bundle) => {
  mkdirSync(`${bundle.directory}/shared/below`, { recursive: true });
  writeFileSync(`${bundle.directory}/shared/file`, "contents");
};

const bound =
  (options: string[]) =>
  (config: Config): void => {
    config.mounts.push({ destination: "/data", type: "bind", source: "shared", options });
  };

const onShared = ["read:/data/file", "write:/data/file=changed", "create:/data/new=x", "stat:/data/file"];

const owned = async (bundle: Bundle) => {
  await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
};

export const variations: Variation[] = [
  { name: "the default specification" },
  {
    name: "a writable root",
    edit: (config) => {
      config.root.readonly = false;
    },
  },
  { name: "no pivot", flags: ["--no-pivot"] },
  { name: "no new keyring", flags: ["--no-new-keyring"] },
  ...["pid", "network", "ipc"].map((type) => ({
    name: `the host's ${type} namespace`,
    edit: (config: Config) => removeNamespace(config, type),
  })),
  {
    name: "the host's uts namespace",
    actions: [],
    edit: (config) => {
      removeNamespace(config, "uts");
      Reflect.deleteProperty(config, "hostname");
      // Without this the attempt to set a host name would change the host's.
      config.process.args = config.process.args.filter((action) => action !== "hostname:attempt");
      config.process.capabilities = {};
    },
  },
  { name: "a cgroup namespace", edit: (config) => addNamespace(config, "cgroup") },
  {
    name: "a writable cgroup mount in a cgroup namespace",
    edit: (config) => {
      addNamespace(config, "cgroup");
      mountOf(config, "/sys/fs/cgroup").options = ["nosuid", "noexec", "nodev", "relatime"];
    },
  },
  {
    name: "no cgroup mount",
    edit: (config) => {
      config.mounts = config.mounts.filter(({ destination }) => destination !== "/sys/fs/cgroup");
    },
  },
  {
    name: "no sysfs",
    edit: (config) => {
      config.mounts = config.mounts.filter(({ destination }) => !destination.startsWith("/sys"));
      config.linux.maskedPaths = config.linux.maskedPaths?.filter((path) => !path.startsWith("/sys")) ?? [];
    },
  },
  {
    name: "no masked and no read-only paths",
    edit: (config) => {
      config.linux.maskedPaths = [];
      config.linux.readonlyPaths = [];
    },
  },
  {
    name: "masked files and directories of its own",
    prepare: (bundle) => {
      mkdirSync(`${bundle.rootfs}/hidden/below`, { recursive: true });
      writeFileSync(`${bundle.rootfs}/secret`, "secret");
    },
    actions: ["read:/secret", "list:/hidden", "create:/hidden/x=x", "stat:/secret", "stat:/hidden"],
    edit: (config) => {
      config.linux.maskedPaths?.push("/secret", "/hidden", "/not/there");
    },
  },
  {
    name: "read-only paths of its own",
    prepare: (bundle) => {
      mkdirSync(`${bundle.rootfs}/fixed/below`, { recursive: true });
      writeFileSync(`${bundle.rootfs}/fixed/file`, "fixed");
    },
    actions: ["read:/fixed/file", "write:/fixed/file=x", "create:/fixed/below/new=x"],
    edit: (config) => {
      config.root.readonly = false;
      config.linux.readonlyPaths?.push("/fixed", "/not/there");
    },
  },
  {
    name: "a tmpfs",
    edit: withMount("/t", "tmpfs", ["size=1m", "mode=1777", "nosuid"]),
    actions: ["stat:/t", "statfs:/t"],
  },
  { name: "a read-only tmpfs", edit: withMount("/t", "tmpfs", ["ro"]), actions: ["create:/t/x=x"] },
  { name: "noatime and nodiratime", edit: withMount("/t", "tmpfs", ["noatime", "nodiratime"]) },
  { name: "strictatime", edit: withMount("/t", "tmpfs", ["strictatime"]) },
  { name: "sync and dirsync", edit: withMount("/t", "tmpfs", ["sync", "dirsync"]) },
  {
    name: "a second proc",
    edit: withMount("/other-proc", "proc", []),
    actions: ["read:/other-proc/self/comm"],
  },
  { name: "a bind mount", prepare: shared, edit: bound(["bind"]), actions: onShared },
  { name: "a read-only bind mount", prepare: shared, edit: bound(["bind", "ro"]), actions: onShared },
  {
    name: "a recursive bind mount",
    prepare: shared,
    edit: bound(["rbind", "nosuid", "nodev"]),
    actions: onShared,
  },
  {
    name: "a noexec bind mount",
    prepare: shared,
    edit: bound(["bind", "noexec", "relatime"]),
    actions: onShared,
  },
  { name: "a private bind mount", prepare: shared, edit: bound(["rbind", "rprivate"]), actions: onShared },
  { name: "a slave bind mount", prepare: shared, edit: bound(["rbind", "rslave"]), actions: onShared },
  { name: "a shared bind mount", prepare: shared, edit: bound(["rbind", "rshared"]), actions: onShared },
  {
    name: "an unbindable bind mount",
    prepare: shared,
    edit: bound(["bind", "unbindable"]),
    actions: onShared,
  },
  {
    name: "a bind mount of one file",
    prepare: shared,
    actions: ["read:/etc/deep/file", "stat:/etc/deep/file", "stat:/etc/deep", "stat:/etc"],
    edit: (config) => {
      config.mounts.push({
        destination: "/etc/deep/file",
        type: "bind",
        source: "shared/file",
        options: ["bind"],
      });
    },
  },
  {
    name: "tmpcopyup",
    prepare: (bundle) => {
      mkdirSync(`${bundle.rootfs}/etc/sub`, { recursive: true });
      writeFileSync(`${bundle.rootfs}/etc/file`, "copied", { mode: 0o640 });
    },
    edit: withMount("/etc", "tmpfs", ["tmpcopyup"]),
    actions: ["read:/etc/file", "stat:/etc/file", "list:/etc"],
  },
  ...["private", "rprivate", "slave", "rslave"].map((value) => ({
    name: `rootfsPropagation ${value}`,
    edit: (config: Config) => {
      config.linux.rootfsPropagation = value;
    },
  })),
  {
    name: "an ordinary user",
    edit: (config) => {
      config.process.user = { uid: 1000, gid: 1001, additionalGids: [5, 44, 100] };
    },
  },
  {
    name: "a umask",
    edit: (config) => {
      config.root.readonly = false;
      config.process.user.umask = 0o077;
    },
    actions: ["create:/made=x", "stat:/made"],
  },
  {
    name: "no capabilities",
    edit: (config) => {
      config.process.capabilities = {};
    },
  },
  {
    name: "all five sets of capabilities",
    edit: (config) => {
      const names = ["CAP_CHOWN", "CAP_NET_RAW", "CAP_SYS_CHROOT", "CAP_SETFCAP"];
      config.process.capabilities = {
        bounding: names,
        effective: names,
        permitted: names,
        inheritable: names,
        ambient: names,
      };
    },
  },
  {
    name: "ambient capabilities of an ordinary user",
    edit: (config) => {
      const names = ["CAP_NET_BIND_SERVICE", "CAP_KILL"];
      config.process.user = { uid: 1000, gid: 1000 };
      config.process.capabilities = {
        bounding: names,
        effective: names,
        permitted: names,
        inheritable: names,
        ambient: ["CAP_KILL"],
      };
    },
  },
  {
    name: "CAP_SYS_ADMIN and CAP_MKNOD",
    edit: (config) => addCapabilities(config, "CAP_SYS_ADMIN", "CAP_MKNOD"),
  },
  {
    name: "new privileges allowed",
    edit: (config) => {
      config.process.noNewPrivileges = false;
    },
  },
  {
    name: "many resource limits",
    edit: (config) => {
      config.process.rlimits = [
        { type: "RLIMIT_NOFILE", soft: 512, hard: 512 },
        { type: "RLIMIT_CORE", soft: 0, hard: 0 },
        { type: "RLIMIT_NPROC", soft: 50, hard: 60 },
        { type: "RLIMIT_STACK", soft: 1 << 20, hard: 1 << 21 },
        { type: "RLIMIT_FSIZE", soft: 2 ** 30, hard: 2 ** 31 },
      ];
    },
  },
  {
    name: "oomScoreAdj",
    edit: (config) => {
      config.process.oomScoreAdj = 500;
    },
  },
  {
    name: "a working directory that has to be made",
    edit: (config) => {
      config.root.readonly = false;
      config.process.cwd = "/deep/er";
    },
    actions: ["stat:/deep", "stat:/deep/er"],
  },
  {
    name: "an environment with a HOME",
    edit: (config) => {
      config.process.env = ["HOME=/somewhere", "PATH=/", "X=1"];
    },
  },
  {
    name: "an environment that is empty",
    edit: (config) => {
      config.process.env = [];
    },
  },
  {
    name: "passwd and group files in the container",
    prepare: (bundle) => {
      mkdirSync(`${bundle.rootfs}/etc`);
      writeFileSync(`${bundle.rootfs}/etc/passwd`, "root:x:0:0::/root:/bin/sh\n");
    },
  },
  {
    name: "sysctls",
    edit: (config) => {
      config.linux.sysctl = {
        "net.ipv4.ip_forward": "1",
        "net.ipv4.ip_unprivileged_port_start": "80",
        "kernel.shm_rmid_forced": "1",
      };
    },
  },
  {
    name: "devices of its own",
    edit: (config) => {
      config.root.readonly = false;
      config.linux.devices = [
        { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o666, uid: 1, gid: 2 },
        { path: "/dev/pipe", type: "p", fileMode: 0o600 },
        { path: "/odd/place", type: "b", major: 7, minor: 0, fileMode: 0o640 },
      ];
    },
    actions: ["stat:/dev/fuse", "stat:/dev/pipe", "stat:/odd/place", "open:/dev/fuse"],
  },
  {
    name: "an allowed device",
    edit: (config) => {
      addCapabilities(config, "CAP_MKNOD");
      config.linux.resources = {
        devices: [
          { allow: false, access: "rwm" },
          { allow: true, type: "c", major: 1, minor: 11, access: "rw" },
        ],
      };
    },
  },
  {
    name: "a memory and a pids limit",
    edit: (config) => {
      config.linux.resources = {
        ...config.linux.resources,
        memory: { limit: 64 << 20 },
        pids: { limit: 20 },
      };
    },
    actions: [
      "read:/sys/fs/cgroup/memory/memory.limit_in_bytes",
      "read:/sys/fs/cgroup/pids/pids.max",
      "fork:30",
    ],
  },
  {
    name: "a user namespace",
    userNamespace: true,
    prepare: owned,
    edit: (config) => addUserNamespace(config),
  },
  {
    name: "a user namespace with a cgroup namespace and an ordinary user",
    userNamespace: true,
    prepare: owned,
    edit: (config) => {
      addUserNamespace(config);
      addNamespace(config, "cgroup");
      config.process.user = { uid: 1000, gid: 1000, additionalGids: [5] };
    },
  },
  {
    name: "a seccomp profile",
    edit: (config) => {
      config.linux["seccomp"] = {
        defaultAction: "SCMP_ACT_ALLOW",
        architectures: ["SCMP_ARCH_X86_64"],
        syscalls: [
          { names: ["mkdirat", "mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 95 },
          { names: ["sethostname"], action: "SCMP_ACT_ERRNO" },
        ],
      };
    },
    actions: ["mkdir:/dev/shm/x"],
  },
  {
    name: "everything of the host but the mounts",
    edit: (config) => {
      for (const type of ["pid", "network", "ipc"]) removeNamespace(config, type);
    },
  },
];
