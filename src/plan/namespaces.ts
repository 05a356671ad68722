/** Which namespaces are created and joined, and how ids are mapped. namespaces(7), user_namespaces(7). */

import type { Namespaces, TimeOffset } from "../native/boundary.gen.ts";
import { CLONE } from "../native/boundary.gen.ts";
import type { NamespaceType } from "../oci/linux.ts";
import type { IdMapping } from "../oci/mounts.ts";
import { idMap } from "../oci/resolved/id-maps.ts";
import type { CreateOptions, InitProcess, PlanContext } from "./context.ts";

const FLAG: Readonly<Record<NamespaceType, number>> = {
  user: CLONE.NEWUSER,
  ipc: CLONE.NEWIPC,
  uts: CLONE.NEWUTS,
  network: CLONE.NEWNET,
  pid: CLONE.NEWPID,
  mount: CLONE.NEWNS,
  cgroup: CLONE.NEWCGROUP,
  time: CLONE.NEWTIME,
};

/** Every kind of namespace: `exec` joins all of the container's; those that it shares with the caller are skipped. */
const ALL_FLAGS = Object.values(FLAG).reduce((mask, flag) => mask | flag, 0);

/** For a new container. */
export function createNamespaces(context: PlanContext, options: CreateOptions): Namespaces {
  const { linux } = context.config;
  let create = 0;
  const join = [];
  for (const [type, { subject, path }] of linux.namespaces) {
    if (path === null) create |= FLAG[type];
    else join.push({ type: FLAG[type], path, subject });
  }
  const uidMap = context.creates("user") ? idMap(linux.uidMappings ?? []) : [];
  const gidMap = context.creates("user") ? idMap(linux.gidMappings ?? []) : [];
  const needsHelper = context.host.euid !== 0 && context.creates("user") && !mapsOwnIdsOnly(context);
  return {
    create,
    join,
    join_process: null,
    uid_map: uidMap,
    gid_map: gidMap,
    deny_setgroups: writesOwnMaps(context),
    newuidmap: needsHelper ? options.newuidmap : null,
    newgidmap: needsHelper ? options.newgidmap : null,
    // Root may inspect every process anyway. A namespace without a root of its own would lose its
    // capabilities.
    execute_again:
      context.host.euid !== 0 && uidMap.some(({ container_id, size }) => container_id === 0 && size > 0),
    time_offsets: context.creates("time") ? timeOffsets(context) : [],
  };
}

/**
 * Whether the container's user namespace refuses setgroups(2): it inherits that from ours, and a gid map
 * written without privileges requires it (user_namespaces(7), the setgroups file).
 */
export function deniesSetgroups(context: PlanContext): boolean {
  return context.host.setgroupsDenied || writesOwnMaps(context);
}

function writesOwnMaps(context: PlanContext): boolean {
  return context.host.euid !== 0 && context.creates("user") && mapsOwnIdsOnly(context);
}

/** What an ordinary user may map without the set-user-ID helpers: itself, one line in each map. */
function mapsOwnIdsOnly({ config, host }: PlanContext): boolean {
  const { uidMappings = [], gidMappings = [] } = config.linux;
  return isOnly(uidMappings, host.euid) && isOnly(gidMappings, host.egid);
}

/** The namespaces of a further process: all those of the container's init. */
export function joinNamespaces(init: InitProcess): Namespaces {
  return {
    ...newNamespaces(0),
    join_process: { pid: init.pid, start_time: String(init.startTime), flags: ALL_FLAGS },
  };
}

/** New ones (`create`: CLONE_NEW*), and none of another process. */
export function newNamespaces(create: number): Namespaces {
  return {
    create,
    join: [],
    join_process: null,
    uid_map: [],
    gid_map: [],
    deny_setgroups: false,
    newuidmap: null,
    newgidmap: null,
    execute_again: false,
    time_offsets: [],
  };
}

function isOnly(mappings: readonly IdMapping[], id: number): boolean {
  const [line] = mappings;
  return mappings.length === 1 && line !== undefined && line.hostID === id && line.size === 1;
}

function timeOffsets(context: PlanContext): TimeOffset[] {
  const offsets: TimeOffset[] = [];
  for (const clock of ["monotonic", "boottime"] as const) {
    const offset = context.config.linux.timeOffsets?.[clock];
    if (offset === undefined) continue;
    offsets.push({ clock, seconds: String(offset.secs), nanoseconds: offset.nanosecs });
  }
  return offsets;
}
