/** The cgroups of a new container, and of a recorded one. */

import { mountsDevices } from "../cgroup/devices.ts";
import { planDriver } from "../cgroup/drivers.ts";
import type { CgroupDriver, PlannedCgroups } from "../cgroup/manager.ts";
import { removeCgroups } from "../cgroup/operate.ts";
import { type CgroupLocation, locationsOfPaths } from "../cgroup/paths.ts";
import type { SystemdEnvironment } from "../cgroup/systemd/driver.ts";
import { currentHost } from "../host/current.ts";
import { hostIdOf } from "../kernel/id.ts";
import { isNew, type ResolvedConfig } from "../oci/resolved/config.ts";
import { isReadonly } from "../oci/resolved/mounts.ts";
import type { StateRecord } from "../state/record.ts";

/** Where a recorded container's cgroups are. Throws RuntimeError for paths outside of the cgroup mounts. */
export function cgroupsOf(record: StateRecord): CgroupLocation[] {
  return locationsOfPaths(currentHost().cgroup, record.cgroup_paths);
}

/** A new container's cgroups, before anything is made. Throws RuntimeError for an invalid configuration. */
export function newCgroups(
  id: string,
  config: ResolvedConfig,
  driver: CgroupDriver,
  rootless: boolean,
): PlannedCgroups {
  const { cgroup, euid, inUserNamespace } = currentHost();
  const { cgroupsPath, resources, devices } = config.linux;
  const owner = cgroupOwner(config);
  return planDriver({
    driver,
    facts: cgroup,
    id,
    cgroupsPath,
    resources,
    devicePaths: devices.flatMap(({ path, isDefault }) => (isDefault ? [] : [path])),
    mountsDevices: mountsDevices(config.mounts),
    inUserNamespace,
    rootless,
    annotations: config.annotations,
    systemd: systemdEnvironment(rootless),
    owner: owner === euid ? undefined : owner,
  });
}

/** The host's uid of the container's user, if that user may manage the container's cgroup. */
function cgroupOwner({ process, mounts, linux }: ResolvedConfig): number | undefined {
  const writable = mounts.some(
    (mount) => mount.kind === "cgroup" && mount.target === "/sys/fs/cgroup" && !isReadonly(mount),
  );
  if (!isNew(linux.namespaces, "cgroup") || !writable || process === undefined) return undefined;
  const { uid } = process.user;
  return linux.namespaces.has("user") ? hostIdOf(uid, linux.uidMappings ?? []) : uid;
}

/** Where to find the bus of the systemd that manages our cgroups. */
export function systemdEnvironment(rootless: boolean): SystemdEnvironment {
  return { rootless, euid: currentHost().euid, variables: process.env };
}

/** Removes a recorded container's cgroups, whoever made them. Their processes are dead already. */
export function removeCgroupsOf(record: StateRecord): void {
  if (record.bunc.systemdUnit !== "") {
    const { stopUnit }: typeof import("./systemd-unit.ts") = require("./systemd-unit.ts");
    stopUnit(record, systemdEnvironment(record.rootless));
  }
  removeCgroups(cgroupsOf(record));
}
