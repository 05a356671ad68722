/** Rules of config.json outside of `process`. */

import { parseMountOptions } from "../plan/mount-options.ts";
import { cleanPath } from "../plan/paths.ts";
import { mountsUnderProc, PROC_SUBMOUNTS } from "../plan/proc-mounts.ts";
import type { Config } from "./config.ts";
import { parseIndexList } from "./index-list.ts";
import type { LinuxConfig, NamespaceType } from "./linux.ts";
import type { IdMapping } from "./mounts.ts";
import type { Report, Rule, ValidationFacts } from "./validate.ts";
import { OCI_VERSION } from "./version.ts";

/** MAX_NUMNODES of the kernel is at most 1024. */
const MEMORY_NODE_MAX = 1023;

/** Length of an interface name without its NUL: netdevice(7), IFNAMSIZ. */
const INTERFACE_NAME_MAX = 15;

const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

function namespaceOf(linux: LinuxConfig, type: NamespaceType) {
  return linux.namespaces.find((namespace) => namespace.type === type);
}

export const specRules: readonly Rule<Config>[] = [
  {
    reads: ["ociVersion"],
    check({ ociVersion }, _facts, report) {
      const match = VERSION.exec(ociVersion);
      if (match === null || match[1] !== "1") {
        report.issue("ociVersion", ociVersion, "a version from 1.0.0 to below 2.0.0");
        return;
      }
      if (Number(match[2]) > Number(OCI_VERSION.split(".")[1])) {
        report.warn(
          `ociVersion ${ociVersion} is newer than ${OCI_VERSION}: properties that it added are ignored`,
        );
      }
    },
  },
  {
    reads: ["process"],
    check({ process }, _facts, report) {
      if (process !== undefined) return;
      report.issue("process", undefined, "an object", "process property must not be empty");
    },
  },
  {
    reads: ["hostname", "domainname", "linux.namespaces"],
    check(config, _facts, report) {
      if (namespaceOf(config.linux, "uts") !== undefined) return;
      for (const member of ["hostname", "domainname"] as const) {
        if (config[member] === "") continue;
        report.issue(
          member,
          config[member],
          'no name, or a namespace of type "uts" in linux.namespaces',
          `unable to set ${member} without a private UTS namespace`,
        );
      }
    },
  },
  {
    reads: ["hostname", "domainname"],
    check(config, _facts, report) {
      for (const member of ["hostname", "domainname"] as const) {
        if (new TextEncoder().encode(config[member]).length <= 64) continue;
        report.issue(member, config[member], "at most 64 bytes (sethostname(2))");
      }
    },
  },
];

export const namespaceRules: readonly Rule<Config>[] = [
  {
    reads: ["linux.namespaces"],
    check({ linux }, _facts, report) {
      const seen = new Set<string>();
      for (const [index, { type }] of linux.namespaces.entries()) {
        if (seen.has(type)) {
          report.issue(
            `linux.namespaces[${index}].type`,
            type,
            "every type at most once",
            `malformed spec file: duplicated ns ${JSON.stringify(type)}`,
          );
        }
        seen.add(type);
      }
    },
  },
  {
    reads: ["linux.namespaces", "linux.uidMappings", "linux.gidMappings"],
    check({ linux }, { host }, report) {
      const user = namespaceOf(linux, "user");
      const { uidMappings, gidMappings } = linux;
      const hasMappings = uidMappings !== undefined || gidMappings !== undefined;
      if (user === undefined) {
        if (hasMappings) {
          report.issue(
            uidMappings === undefined ? "linux.gidMappings" : "linux.uidMappings",
            uidMappings ?? gidMappings,
            'no mappings, or a namespace of type "user" in linux.namespaces',
            "user namespace mappings specified, but user namespace isn't enabled in the config",
          );
        }
        if (host.euid !== 0) {
          report.issue(
            "linux.namespaces",
            linux.namespaces,
            'a namespace of type "user"',
            "rootless container requires user namespaces",
          );
        }
        return;
      }
      if (user.path !== "") return;
      if (!hasMappings) {
        report.issue(
          "linux.uidMappings",
          undefined,
          "mappings, or a path of a user namespace to join",
          "user namespaces enabled, but no namespace path to join nor mappings to apply specified",
        );
        return;
      }
      checkMappings("UID", "linux.uidMappings", uidMappings ?? [], host.euid, report);
      checkMappings("GID", "linux.gidMappings", gidMappings ?? [], host.euid, report);
    },
  },
  {
    reads: ["linux.namespaces", "linux.timeOffsets"],
    check({ linux }, _facts, report) {
      const { timeOffsets } = linux;
      if (timeOffsets === undefined) return;
      const time = namespaceOf(linux, "time");
      if (time === undefined) {
        report.issue(
          "linux.timeOffsets",
          timeOffsets,
          'no offsets, or a namespace of type "time" in linux.namespaces',
          "time namespace offsets specified, but time namespace isn't enabled in the config",
        );
      } else if (time.path !== "") {
        report.issue(
          "linux.timeOffsets",
          timeOffsets,
          "offsets, or a path of a time namespace to join",
          "time namespace enabled, but both namespace path and time offsets specified -- you may only provide one",
        );
      }
      for (const clock of Object.keys(timeOffsets)) {
        if (clock === "monotonic" || clock === "boottime") continue;
        report.issue("linux.timeOffsets", clock, 'the clocks "monotonic" and "boottime"');
      }
    },
  },
  {
    reads: ["linux.namespaces", "linux.maskedPaths", "linux.readonlyPaths"],
    check({ linux }, _facts, report) {
      if (namespaceOf(linux, "mount") !== undefined) return;
      for (const member of ["maskedPaths", "readonlyPaths"] as const) {
        if (linux[member].length === 0) continue;
        report.issue(
          `linux.${member}`,
          linux[member],
          'no paths, or a namespace of type "mount" in linux.namespaces',
          "unable to restrict sys entries without a private MNT namespace",
        );
      }
    },
  },
  {
    reads: ["linux.namespaces", "linux.rootfsPropagation"],
    check({ linux }, { noPivot }, report) {
      if (!noPivot || !linux.rootfsPropagation.endsWith("private")) return;
      report.issue(
        "linux.rootfsPropagation",
        linux.rootfsPropagation,
        "another propagation with --no-pivot",
        "rootfsPropagation of [r]private is not safe without pivot_root",
      );
    },
  },
  {
    reads: ["linux.namespaces", "linux.netDevices"],
    check({ linux }, { host, rootlessCgroups }, report) {
      const devices = Object.entries(linux.netDevices ?? {});
      if (devices.length === 0) return;
      if (namespaceOf(linux, "network") === undefined) {
        report.issue(
          "linux.netDevices",
          linux.netDevices,
          'no devices, or a namespace of type "network" in linux.namespaces',
          "unable to move network devices without a NET namespace",
        );
      }
      if (host.euid !== 0 || rootlessCgroups) {
        report.issue(
          "linux.netDevices",
          linux.netDevices,
          "no devices for rootless containers",
          "network devices are not supported for rootless containers",
        );
      }
      for (const [name, device] of devices) {
        for (const each of device.name === "" ? [name] : [name, device.name]) {
          if (isInterfaceName(each)) continue;
          report.issue(
            "linux.netDevices",
            each,
            `names of 1 to ${INTERFACE_NAME_MAX} bytes without "/", ":" and white space`,
            `invalid network device name ${JSON.stringify(each)}`,
          );
        }
      }
    },
  },
];

export const mountRules: readonly Rule<Config>[] = [
  {
    reads: ["mounts", "linux.namespaces"],
    check({ mounts, linux }, facts, report) {
      const hasUserNamespace = namespaceOf(linux, "user") !== undefined;
      for (const [index, mount] of mounts.entries()) {
        const path = `mounts[${index}]`;
        const options = parseMountOptions(mount.type, mount.options);
        if (!mount.destination.startsWith("/")) {
          report.warn(
            `mount destination ${mount.destination} is not absolute. Support for non-absolute mount destinations will be removed in a future release.`,
          );
        }
        const target = cleanPath(`/${mount.destination}`);
        if (target === "/") {
          report.issue(`${path}.destination`, mount.destination, "a path below the root file system");
        }
        if (options.bind) {
          if (mount.source === "") report.issue(`${path}.source`, mount.source, "the path to bind");
          const [data] = options.data;
          if (data !== undefined) {
            report.issue(
              `${path}.options`,
              data,
              "mount flags and propagation only: the kernel ignores data of a bind mount",
              "bind mounts cannot have any filesystem-specific options applied",
            );
          }
        } else if (mount.type === "" && !options.remount) {
          report.issue(`${path}.type`, mount.type, 'a file system type, or "bind" or "rbind" in options');
        }
        if (options.copyUp && mount.type !== "tmpfs") {
          report.issue(`${path}.options`, "tmpcopyup", 'tmpcopyup with type "tmpfs" only');
        }
        checkIdMap(
          path,
          mount.uidMappings,
          mount.gidMappings,
          options.idMap !== undefined,
          hasUserNamespace,
          report,
        );
        checkProc(path, target, mount, options.bind, facts, report);
      }
    },
  },
  {
    reads: ["mounts", "linux.namespaces", "linux.uidMappings", "linux.gidMappings"],
    check({ mounts, linux }, { host }, report) {
      if (host.euid === 0) return;
      const user = namespaceOf(linux, "user");
      if (user === undefined || user.path !== "") return;
      for (const [index, mount] of mounts.entries()) {
        for (const data of parseMountOptions(mount.type, mount.options).data) {
          const match = /^(uid|gid)=(\d{1,10})$/.exec(data);
          if (match === null) continue;
          const mappings = (match[1] === "uid" ? linux.uidMappings : linux.gidMappings) ?? [];
          const id = Number(match[2]);
          if (mappings.some((map) => id >= map.containerID && id < map.containerID + map.size)) continue;
          report.issue(
            `mounts[${index}].options`,
            data,
            `a ${match[1]} of linux.${match[1]}Mappings`,
            `cannot specify ${data} mount option for rootless container: user namespaces enabled, but no mapping found for ${match[1]} ${id}`,
          );
        }
      }
    },
  },
];

/** System V and POSIX IPC parameters: ipc_namespaces(7). */
const IPC_SYSCTLS = new Set([
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
]);

export const sysctlRules: readonly Rule<Config>[] = [
  {
    reads: ["linux.sysctl", "linux.namespaces"],
    check({ linux }, _facts, report) {
      for (const key of Object.keys(linux.sysctl ?? {})) {
        const message = refuseSysctl(dottedSysctl(key), linux);
        if (message === undefined) continue;
        report.issue("linux.sysctl", key, "parameters of the container's own namespaces", message);
      }
    },
  },
];

/** sysctl(8) takes "net/ipv4/conf/eno2.100.rp_filter" too: the first separator says which of the two is meant. */
export function dottedSysctl(key: string): string {
  const separator = key.search(/[./]/);
  if (separator === -1 || key[separator] === ".") return key;
  return key.replace(/[./]/g, (character) => (character === "/" ? "." : "/"));
}

function refuseSysctl(key: string, linux: LinuxConfig): string | undefined {
  const quoted = JSON.stringify(key);
  if (key.split(/[./]/).some((part) => part === "")) {
    return `sysctl ${quoted} is not in a separate kernel namespace`;
  }
  if (IPC_SYSCTLS.has(key) || key.startsWith("fs.mqueue.")) {
    return namespaceOf(linux, "ipc")
      ? undefined
      : `sysctl ${quoted} is not allowed in the hosts ipc namespace`;
  }
  if (key.startsWith("net.")) {
    return namespaceOf(linux, "network")
      ? undefined
      : `sysctl ${quoted} not allowed in host network namespace`;
  }
  if (namespaceOf(linux, "uts") !== undefined) {
    if (key === "kernel.domainname") return undefined;
    if (key === "kernel.hostname") {
      return `sysctl ${quoted} is not allowed as it conflicts with the OCI "hostname" field`;
    }
  }
  if (key.startsWith("user.")) {
    return namespaceOf(linux, "user")
      ? undefined
      : `setting ucounts without a user namespace not allowed: ${key}`;
  }
  return `sysctl ${quoted} is not in a separate kernel namespace`;
}

export const linuxRules: readonly Rule<Config>[] = [
  {
    reads: ["linux.memoryPolicy"],
    check({ linux }, _facts, report) {
      const policy = linux.memoryPolicy;
      if (policy === undefined) return;
      const nodes = parseIndexList(policy.nodes, MEMORY_NODE_MAX);
      if (policy.nodes !== "" && nodes === undefined) {
        report.issue(
          "linux.memoryPolicy.nodes",
          policy.nodes,
          `node numbers up to ${MEMORY_NODE_MAX} and ranges, such as "0-3,7"`,
          `invalid memory policy nodes ${JSON.stringify(policy.nodes)}`,
        );
      } else if (policy.mode === "MPOL_DEFAULT" || policy.mode === "MPOL_LOCAL") {
        if (nodes === undefined) return;
        report.issue(
          "linux.memoryPolicy.nodes",
          policy.nodes,
          `no nodes with ${policy.mode}`,
          "memory policy mode requires 0 nodes",
        );
      } else if (policy.mode !== "MPOL_PREFERRED" && nodes === undefined) {
        report.issue(
          "linux.memoryPolicy.nodes",
          policy.nodes,
          `nodes with ${policy.mode}`,
          "memory policy mode requires at least one node but got 0",
        );
      }
    },
  },
  {
    reads: ["linux.personality"],
    check({ linux }, _facts, report) {
      const flags = linux.personality?.flags ?? [];
      if (flags.length === 0) return;
      report.warn(
        `ignoring unsupported personality flags: [${flags.join(" ")}] because personality flag has not supported at this time`,
      );
    },
  },
  {
    reads: ["linux.seccomp"],
    check({ linux }, _facts, report) {
      const { seccomp } = linux;
      if (seccomp === undefined) return;
      if ((seccomp.defaultAction ?? "") === "" && seccomp.syscalls.length > 0) {
        report.issue("linux.seccomp.defaultAction", seccomp.defaultAction, "an action, for there are rules");
      }
      if (seccomp.defaultAction === "SCMP_ACT_NOTIFY") {
        report.issue(
          "linux.seccomp.defaultAction",
          seccomp.defaultAction,
          "another action",
          "SCMP_ACT_NOTIFY cannot be used as default action",
        );
      }
      let notifies = false;
      for (const [index, rule] of seccomp.syscalls.entries()) {
        if (rule.action !== "SCMP_ACT_NOTIFY") continue;
        notifies = true;
        if (!rule.names.includes("write")) continue;
        report.issue(
          `linux.seccomp.syscalls[${index}].names`,
          "write",
          "other system calls: the listener itself is handed over with write",
          "SCMP_ACT_NOTIFY cannot be used for the write syscall",
        );
      }
      if (notifies && seccomp.listenerPath === "") {
        report.issue(
          "linux.seccomp.listenerPath",
          undefined,
          "the socket of the agent, for there are rules with SCMP_ACT_NOTIFY",
          "seccomp listenerPath is not set",
        );
      }
    },
  },
  {
    reads: ["linux.resources"],
    check({ linux }, { host }, report) {
      const unified = linux.resources?.unified;
      if (unified === undefined || host.cgroup.mode === "v2") return;
      report.issue(
        "linux.resources.unified",
        unified,
        "nothing on a host with cgroup v1",
        "invalid configuration: cannot use unified on cgroup v1",
      );
    },
  },
  {
    reads: ["linux.resources"],
    check({ linux }, _facts, report) {
      const memory = linux.resources?.memory;
      if (memory?.kernel === undefined && memory?.kernelTCP === undefined) return;
      report.warn("Kernel memory settings are ignored and will be removed");
    },
  },
  {
    reads: ["linux.intelRdt"],
    check({ linux }, { host }, report) {
      const rdt = linux.intelRdt;
      if (rdt === undefined) return;
      if (!host.resctrl) {
        report.issue(
          "linux.intelRdt",
          rdt,
          "nothing on a host where resctrl is not mounted",
          "intelRdt is specified in config, but Intel RDT is not enabled",
        );
      }
      const { closID } = rdt;
      if (closID === "." || closID === ".." || (closID.length > 1 && closID.includes("/"))) {
        report.issue(
          "linux.intelRdt.closID",
          closID,
          "a name of a directory",
          `invalid intelRdt.ClosID ${JSON.stringify(closID)}`,
        );
      }
    },
  },
];

/** user_namespaces(7), Defining user and group ID mappings. */
function checkMappings(
  kind: "UID" | "GID",
  path: string,
  mappings: readonly IdMapping[],
  euid: number,
  report: Report,
): void {
  if (mappings.length === 0) {
    const message =
      euid === 0
        ? `user namespaces enabled, but no ${kind.toLowerCase()} mappings found`
        : `rootless containers requires at least one ${kind} mapping`;
    report.issue(path, mappings, "at least one mapping", message);
  }
  if (mappings.length > 340) report.issue(path, mappings.length, "at most 340 mappings");
  for (const [index, map] of mappings.entries()) {
    if (map.size === 0) report.issue(`${path}[${index}].size`, map.size, "at least 1");
    for (const member of ["containerID", "hostID"] as const) {
      if (map[member] + map.size <= 0xffffffff) continue;
      report.issue(`${path}[${index}]`, map, `${member} + size of at most ${0xffffffff}`);
    }
    for (const [earlier, other] of mappings.slice(0, index).entries()) {
      for (const member of ["containerID", "hostID"] as const) {
        if (map[member] >= other[member] + other.size || other[member] >= map[member] + map.size) continue;
        report.issue(`${path}[${index}]`, map, `a ${member} range apart from that of ${path}[${earlier}]`);
      }
    }
  }
}

function checkIdMap(
  path: string,
  uidMappings: readonly IdMapping[] | undefined,
  gidMappings: readonly IdMapping[] | undefined,
  asked: boolean,
  hasUserNamespace: boolean,
  report: Report,
): void {
  const hasMappings = uidMappings !== undefined || gidMappings !== undefined;
  if (hasMappings) {
    for (const [member, mappings] of [
      ["uidMappings", uidMappings],
      ["gidMappings", gidMappings],
    ] as const) {
      if ((mappings ?? []).length > 0) continue;
      report.issue(
        `${path}.${member}`,
        mappings,
        "at least one mapping",
        "id-mapped mounts must have both uid and gid mappings specified",
      );
    }
  } else if (asked && !hasUserNamespace) {
    report.issue(
      `${path}.uidMappings`,
      undefined,
      'mappings for idmap, or a namespace of type "user" in linux.namespaces',
      "id-mapped mounts must have both uid and gid mappings specified",
    );
  }
}

/** Nothing may cover a part of /proc that the kernel or a security module is steered through. */
function checkProc(
  path: string,
  target: string,
  mount: { type: string; source: string },
  bind: boolean,
  { host }: ValidationFacts,
  report: Report,
): void {
  if (!mountsUnderProc(target)) return;
  if (target === "/proc") {
    if (bind ? host.fileSystemOf(cleanPath(mount.source)) === "proc" : mount.type === "proc") return;
    report.issue(
      `${path}.destination`,
      target,
      'type "proc", or a bind of a proc file system',
      `${JSON.stringify(target)} cannot be mounted because it is not of type proc`,
    );
    return;
  }
  if (PROC_SUBMOUNTS.has(target)) return;
  report.issue(
    `${path}.destination`,
    target,
    `below /proc only ${[...PROC_SUBMOUNTS].join(", ")}`,
    `${JSON.stringify(target)} cannot be mounted because it is inside /proc`,
  );
}

function isInterfaceName(name: string): boolean {
  const length = new TextEncoder().encode(name).length;
  return length > 0 && length <= INTERFACE_NAME_MAX && name !== "." && name !== ".." && !/[/:\s]/.test(name);
}
