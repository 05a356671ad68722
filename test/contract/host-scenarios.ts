/**
 * Commands on a rehearsed host, for host-rehearsal.test.ts: `create` of typical containers, and another process and more
 * mounts in a running one.
 */

import type { ContainerContext } from "../../src/container/context.ts";
import { abandon } from "../../src/container/conversation.ts";
import { type Created, createContainer } from "../../src/container/create.ts";
import { execProcess } from "../../src/container/exec.ts";
import { changeMounts } from "../../src/container/hot-mounts.ts";
import { startContainer } from "../../src/container/start.ts";
import { found } from "../../src/host/found.ts";
import { hostFacts } from "../../src/host/host.ts";
import type { Log } from "../../src/log/log.ts";
import { callNumbers, type FactsReply } from "../../src/native/boundary.gen.ts";
import { linked } from "../../src/native/linked.ts";
import { standInCore } from "../../src/native/stand-in.ts";
import { stringifyJson } from "../../src/oci/json.ts";
import { smallConfig } from "./cases.ts";
import { user, v2 } from "./hosts.ts";
import type { HostFiles, RehearsedHost } from "./rehearsed-host.ts";
import { withSystemd } from "./rehearsed-systemd.ts";

// biome-ignore lint/suspicious/noExplicitAny: an unchecked config
type Raw = any;

type CreateRequest = Parameters<typeof createContainer>[0];

export interface Scenario {
  name: string;
  facts: FactsReply;
  config: Raw;
  /** The cgroup driver; cgroupfs if absent. */
  driver?: "systemd";
  /** In addition to those of all hosts. */
  files?: HostFiles["files"];
  criu?: HostFiles["criu"];
  /** Entries of the report's `held` that may be left: the caller named and keeps them, or they end with the command. */
  kept?: readonly string[];
  /** Done before the calls are counted. */
  before?: (context: ContainerContext) => unknown;
  act: (context: ContainerContext, made: unknown) => unknown;
  /** Called when `act` has succeeded: makes the core forget its process. */
  after?: (acted: unknown) => unknown;
}

const v1Hierarchies = ["cpuset", "devices", "memory"];

/** A host whose controllers are all v1. */
export const v1: FactsReply = {
  ...v2,
  cgroup_file_system: "tmpfs",
  self_cgroup: `${v1Hierarchies.map((name, index) => `${index + 1}:${name}:/`).join("\n")}\n`,
  mountinfo: `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 27 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
${v1Hierarchies.map((name, index) => `4${index} 31 0:4${index} / /sys/fs/cgroup/${name} rw,relatime - cgroup cgroup rw,${name}\n`).join("")}`,
};

const maps = {
  uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
  gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
};
export const hook = (name: string) => ({ path: `/opt/${name}`, args: [name], env: ["A=b"] });

export function config(members: Raw): Raw {
  const base = smallConfig();
  return { ...base, ...members, linux: { ...base.linux, ...members.linux } };
}

export function create(context: ContainerContext): Created {
  return createWith({}, context);
}

function createWith(members: Partial<CreateRequest>, context: ContainerContext): Created {
  return createContainer(
    {
      id: "c1",
      bundle: "/bundle",
      pivot: true,
      newKeyring: true,
      preserveFds: 0,
      start: "socket",
      detach: true,
      pidFile: "/run/c1.pid",
      consoleSocket: undefined,
      pidfdSocket: undefined,
      ...members,
    },
    context,
  );
}

function exec(members: Raw, context: ContainerContext, { directory, record }: Created) {
  const request = {
    process: ({ process }: Raw) => ({ ...process, ...members }),
    subCgroups: new Map(),
    ignorePaused: false,
    preserveFds: 0,
    detach: true,
    earlierKills: undefined,
  };
  return execProcess({ directory, record, status: "running" }, request, context);
}

const withAgent = {
  defaultAction: "SCMP_ACT_ALLOW",
  listenerPath: "/run/agent.sock",
  syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }],
};

export const scenarios: readonly Scenario[] = [
  {
    name: "host-create-v2",
    facts: v2,
    config: config({
      process: {
        ...smallConfig().process,
        oomScoreAdj: 100,
        rlimits: [{ type: "RLIMIT_NOFILE", soft: 10, hard: 20 }],
      },
      hooks: { createRuntime: [hook("network")] },
      linux: { resources: { memory: { limit: 1 << 20 }, pids: { limit: 5 } } },
    }),
    act: create,
  },
  {
    name: "host-create-v1",
    facts: v1,
    config: config({ linux: { resources: { memory: { limit: 1 << 20 }, cpu: { cpus: "0" } } } }),
    act: create,
  },
  {
    name: "host-create-user-namespace",
    facts: v2,
    config: config({
      linux: { ...maps, namespaces: ["pid", "mount", "user"].map((type) => ({ type })) },
      mounts: [
        {
          destination: "/data",
          source: "/srv",
          options: ["rbind"],
          uidMappings: maps.uidMappings,
          gidMappings: maps.gidMappings,
        },
      ],
    }),
    act: create,
  },
  {
    name: "host-create-rootless",
    facts: user,
    config: config({
      linux: { ...maps, namespaces: ["pid", "mount", "user"].map((type) => ({ type })) },
    }),
    act: create,
  },
  {
    name: "host-create-joined",
    facts: v2,
    config: config({
      linux: {
        namespaces: [
          { type: "pid" },
          { type: "mount" },
          { type: "network", path: "/run/netns/a" },
          { type: "ipc", path: "/run/ipcns/a" },
        ],
      },
    }),
    act: create,
  },
  {
    name: "host-create-network-device",
    facts: v2,
    config: config({
      linux: {
        namespaces: ["pid", "mount", "network"].map((type) => ({ type })),
        netDevices: { eth1: { name: "eth0" } },
      },
    }),
    act: create,
  },
  {
    name: "host-create-terminal",
    facts: v2,
    config: config({
      process: { ...smallConfig().process, terminal: true },
      linux: {
        seccomp: withAgent,
      },
    }),
    act: (context) => createWith({ consoleSocket: "/run/console.sock" }, context),
  },
  {
    name: "host-create-systemd",
    facts: v2,
    driver: "systemd",
    config: config({ linux: { resources: { memory: { limit: 1 << 20 }, pids: { limit: 5 } } } }),
    act: create,
  },
  {
    name: "host-start",
    facts: v2,
    config: config({}),
    before: create,
    act: (context, made) => {
      const { directory, record } = made as Created;
      return startContainer({ directory, record, status: "created" }, context);
    },
  },
  {
    name: "host-run",
    facts: v2,
    config: config({}),
    act: (context) => createWith({ detach: false, start: "parent" }, context),
    after: (acted) => abandon((acted as Created).spawned),
  },
  {
    name: "host-run-start",
    facts: v2,
    config: config({}),
    before: (context) => createWith({ detach: false, start: "parent" }, context),
    act: (_, made) => (made as Created).spawned.proceed(),
  },
  {
    name: "host-exec",
    facts: v2,
    config: config({}),
    before: create,
    act: (context, made) => exec({ execCPUAffinity: { initial: "0-1" } }, context, made as Created),
  },
  {
    name: "host-exec-agent",
    facts: v2,
    config: config({ linux: { seccomp: withAgent } }),
    before: create,
    act: (context, made) => exec({}, context, made as Created),
  },
  {
    name: "host-mounts-add",
    facts: v2,
    config: config({}),
    before: create,
    act: (context, made) => {
      const { directory, record } = made as Created;
      const mounts = JSON.stringify([{ destination: "/data", source: "/srv", options: ["rbind"] }]);
      return changeMounts({ directory, record, status: "running" }, "add", mounts, "mounts.json", context);
    },
  },
];

const CGROUP2 = 0x63677270;
const CGROUP = 0x27e0eb;
const PROC = 0x9fa0;
const TMPFS = 0x01021994;

const directories = [
  "/",
  "/bundle",
  "/bundle/rootfs",
  "/proc",
  "/srv",
  "/run",
  "/run/bunc",
  "/run/systemd",
  "/run/systemd/system",
  "/sys/fs/cgroup",
];

/** Sets up the scenario's files before it begins. */
export function hostFiles({
  facts,
  config,
  files = [],
  criu,
}: Pick<Scenario, "facts" | "config" | "files" | "criu">): HostFiles {
  const isV2 = facts.cgroup_file_system === "cgroup2";
  const hierarchies = isV2 ? [] : v1Hierarchies.map((name) => `/sys/fs/cgroup/${name}`);
  const slices = [
    "system.slice",
    "user.slice",
    "user.slice/user-1000.slice",
    "user.slice/user-1000.slice/session-1.scope",
  ].map((name) => `/sys/fs/cgroup/${name}`);
  return {
    files: [
      ...[...directories, ...hierarchies, ...slices].map((path) => ({ path, text: null })),
      { path: "/proc/kcore", text: "" },
      { path: "/proc/self/setgroups", text: "allow\n" },
      { path: "/bundle/config.json", text: stringifyJson(config) },
      ...files,
    ],
    mounts: [
      { path: "/proc", magic: PROC },
      { path: "/sys/fs/cgroup", magic: isV2 ? CGROUP2 : TMPFS },
      ...hierarchies.map((path) => ({ path, magic: CGROUP })),
    ],
    criu,
  };
}

/** The facts that do not come from the rehearsed host: the architecture and the user. */
export function standInForFacts(
  { facts, driver }: Pick<Scenario, "facts" | "driver">,
  { uncounted }: RehearsedHost,
): void {
  found.host = hostFacts(facts, {
    newuidmap: facts.euid === 0 ? null : "/usr/bin/newuidmap",
    newgidmap: facts.euid === 0 ? null : "/usr/bin/newgidmap",
    procKcore: true,
    setgroupsDenied: false,
  });
  const { core } = linked;
  if (core === undefined) throw new Error("no host is rehearsed");
  const rehearsed = driver === "systemd" ? withSystemd(core.call, uncounted) : core.call;
  const status = { state: "S", start_time: "1", waiting: false };
  const own = standInCore({
    process_statuses: () => ({ statuses: [status] }),
    kernel_log: () => ({ text: "", pids_are_ours: false }),
  });
  core.call = (id, request, length, out, capacity) => {
    const isOwn =
      id === callNumbers.kernel_log ||
      (id === callNumbers.process_statuses &&
        JSON.parse(new TextDecoder().decode(request.subarray(0, length))).processes[0].pid === process.pid);
    return (isOwn ? own : rehearsed)(id, request, length, out, capacity);
  };
}

const silent: Log = {
  debugging: false,
  debug() {},
  warning() {},
  warnings() {},
  ending() {},
  failure() {},
};

export const context: ContainerContext = {
  root: "/run/bunc",
  rootless: "auto",
  driver: "cgroupfs",
  log: silent,
};
