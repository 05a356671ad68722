/** Gathers the facts of this machine for `doctor`: reads files and asks the core, changes nothing. */

import { SYSTEM_BUS_PATH, sessionBusPath } from "../cgroup/systemd/address.ts";
import { currentHost } from "../host/current.ts";
import { hostText, isThere, namesIn, userNames } from "../host/files.ts";
import type { HostFacts } from "../host/host.ts";
import { parseMountinfo } from "../host/mountinfo.ts";
import { startRecord } from "../host/start-record.ts";
import { native } from "../native/call.ts";
import type { CgroupDoctorFacts, CgroupLevel, DoctorFacts } from "./facts.ts";

/** Never throws: what cannot be read counts as missing. */
export function gatherFacts(): DoctorFacts {
  const host = currentHost();
  const user = userNames().get(host.euid) ?? `#${host.euid}`;
  return {
    ...gatherCgroupFacts(parentOf(host.cgroup.v2Own)),
    start: startRecord?.kind,
    calls: native("host_probe", {}).calls,
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(hostText("/proc/self/status"))?.[1] ?? "0"}`),
    fileSystems: lines("/proc/filesystems").map((line) => line.slice(line.indexOf("\t") + 1)),
    namespaces: namesIn("/proc/self/ns"),
    cgroupKill: isThere(`${ownV2Cgroup(host)}/cgroup.kill`),
    pressure: isThere("/proc/pressure/memory"),
    securityModules: hostText("/sys/kernel/security/lsm").trim().split(",").filter(isNotEmpty),
    seccompActions: words("/proc/sys/kernel/seccomp/actions_avail"),
    userNamespaces: {
      max: number(hostText("/proc/sys/user/max_user_namespaces")),
      switchedOff: hostText("/proc/sys/kernel/unprivileged_userns_clone").trim() === "0",
      restrictedByApparmor: hostText("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").trim() === "1",
    },
    user,
    subordinateIds: {
      uid: hasLine(hostText("/etc/subuid"), user, host.euid),
      gid: hasLine(hostText("/etc/subgid"), user, host.euid),
    },
    programs: {
      newuidmap: onPath("newuidmap"),
      newgidmap: onPath("newgidmap"),
      criu: onPath("criu"),
      ps: onPath("ps"),
    },
    systemBus: isThere(SYSTEM_BUS_PATH) ? SYSTEM_BUS_PATH : "",
    userBus: userBus(),
    xdgRuntimeDirectory: process.env["XDG_RUNTIME_DIR"] ?? "",
    nullDevice: isThere("/dev/null"),
  };
}

/** `parent`: the cgroup of v2 in which a container's is made, from the root of the hierarchy: "/user.slice". */
export function gatherCgroupFacts(parent: string): CgroupDoctorFacts {
  const host = currentHost();
  return {
    host,
    cgroupPath: host.cgroup.mode === "v2" ? levels(host.cgroup.v2MountPoint, parent) : [],
    controllers: controllers(hostText("/proc/cgroups")),
    readOnlyCgroups: readOnlyCgroups(host),
    systemd: isThere("/run/systemd/system"),
  };
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf("/")) || "/";

function readOnlyCgroups({ cgroup }: HostFacts): string {
  const needed = new Set([cgroup.v2MountPoint, ...cgroup.hierarchies.map(({ mountPoint }) => mountPoint)]);
  const mounts = parseMountinfo(hostText("/proc/self/mountinfo"));
  return mounts.find(({ mountPoint, readOnly }) => readOnly && needed.has(mountPoint))?.mountPoint ?? "";
}

const isNotEmpty = (text: string) => text !== "";
const lines = (path: string) => hostText(path).split("\n").filter(isNotEmpty);
const words = (path: string) => hostText(path).trim().split(/\s+/).filter(isNotEmpty);

function number(text: string): number | undefined {
  const trimmed = text.trim();
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}

/** subuid(5): by name or by number. */
function hasLine(text: string, user: string, uid: number): boolean {
  return text.split("\n").some((line) => line.startsWith(`${user}:`) || line.startsWith(`${uid}:`));
}

/** Columns: name, hierarchy, cgroups, enabled. */
function controllers(text: string): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const line of text.split("\n")) {
    const [name = "", , , enabled] = line.split("\t");
    if (name !== "" && !name.startsWith("#")) found.set(name, enabled === "1");
  }
  return found;
}

function ownV2Cgroup({ cgroup }: HostFacts): string {
  return `${cgroup.v2MountPoint}${cgroup.v2Own === "/" ? "" : cgroup.v2Own}`;
}

function levels(mountPoint: string, parent: string): CgroupLevel[] {
  const parts = parent.split("/").filter(isNotEmpty);
  return [...parts.keys(), parts.length].map((depth) => {
    const path = [mountPoint, ...parts.slice(0, depth)].join("/");
    return {
      path,
      controllers: words(`${path}/cgroup.controllers`),
      passedOn: words(`${path}/cgroup.subtree_control`),
      owner: ownerOf(path),
    };
  });
}

function ownerOf(path: string): number {
  const slash = path.lastIndexOf("/");
  try {
    const { entries } = native("list_directory", { path: path.slice(0, slash) || "/" });
    return entries.find(({ name }) => name === path.slice(slash + 1))?.uid ?? -1;
  } catch {
    return -1;
  }
}

function userBus(): string {
  try {
    const path = sessionBusPath(process.env);
    return isThere(path) ? path : "";
  } catch {
    return "";
  }
}

/** Bun keeps the PATH of its own start, which is not this process's if it started from the image. */
function onPath(program: string): string {
  return Bun.which(program, { PATH: process.env["PATH"] ?? "" }) ?? "";
}
