/**
 * The cgroups of a new container: what is to be made and limited, worked out beforehand (pure), and then done in
 * two steps: `createCgroups` before the container's first process is there, `limitCgroups` when its file systems
 * stand, so that mounting is not subject to the limits.
 */

import { orExplain, RuntimeError } from "../failure/errors.ts";
import { CGROUPS_NOT_APPLIED, cgroupFrozen, cgroupNotEmpty } from "../failure/messages.ts";
import type { CgroupFacts } from "../host/cgroup.ts";
import { errnoText } from "../kernel/errno.ts";
import {
  type CgroupCreateRequest,
  type CgroupInUseReply,
  type CgroupToCreate,
  type CgroupWrites,
  type ControllerNotEnabled,
  ERRNO,
  type Placement,
} from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { ResourcesConfig } from "../oci/resources.ts";
import type { DevicePolicy } from "./device-rule.ts";
import { deniesNodes, devicePolicy, deviceRules, deviceSettings } from "./devices.ts";
import { removeCgroups } from "./operate.ts";
import {
  absolutePath,
  type CgroupLocation,
  type CgroupLocations,
  cgroupLocations,
  distinctGroups,
  groupOf,
  locationOf,
} from "./paths.ts";
import type { CgroupSetting, CgroupSettings, IgnoredResource } from "./resources/setting.ts";
import { isEarly, v1Changes, v1Settings } from "./resources/v1.ts";
import { needsDomain, v2Settings } from "./resources/v2.ts";
import { writeError } from "./write-error.ts";

/** What the cgroups of a new container depend on. */
export interface CgroupOptions {
  facts: CgroupFacts;
  id: string;
  /** linux.cgroupsPath */
  cgroupsPath?: string | undefined;
  resources?: ResourcesConfig | undefined;
  /** Paths of linux.devices. */
  devicePaths?: readonly string[] | undefined;
  /** A mount may open a device that the container may not. */
  mountsDevices?: boolean | undefined;
  /** bunc itself runs in a user namespace, where the kernel neither allows nor needs device rules. */
  inUserNamespace: boolean;
  /** Rootless cgroups: without limits and cgroupsPath, the container runs even if no cgroup can be made. */
  rootless: boolean;
}

/** What the configuration limits. */
export interface Limits {
  /** All limits but those of devices on v2. */
  settings: CgroupSetting[];
  /** null: no device rules can be set. */
  policy: DevicePolicy | null;
  /** The same for a program of v2; null on v1, whose rules are among the settings. */
  devices: DevicePolicy | null;
  /** The device rules allow everything that bunc-init has to do: they can be set while it works. */
  devicesEarly: boolean;
  ignored: IgnoredResource[];
  rootless: boolean;
}

/** Throws RuntimeError for invalid resources. */
export function planLimits(options: CgroupOptions): Limits {
  const { facts, rootless, resources = {}, devicePaths } = options;
  const isV2 = facts.mode === "v2";
  const { settings, ignored } = resourceSettings(facts, resources);
  const policy = options.inUserNamespace
    ? null
    : devicePolicy(isV2 ? "v2" : "v1", resources.devices, devicePaths);
  if (policy === null) ignored.push({ subject: "linux.resources.devices", reason: IN_USER_NAMESPACE });
  const v1Devices = policy === null || isV2 ? [] : deviceSettings(policy, rootless ? NO_RIGHTS : []);
  return {
    settings: [...v1Devices, ...settings],
    policy,
    devices: isV2 ? policy : null,
    devicesEarly: policy !== null && !deniesNodes(policy) && options.mountsDevices !== true,
    ignored,
    rootless,
  };
}

/** What will be made and written. */
export interface CgroupPlan extends Limits {
  locations: CgroupLocation[];
  create: CgroupCreateRequest;
  /** Written before the first process enters. */
  early: CgroupWrites[];
}

/** Throws RuntimeError for invalid resources and paths. */
export function planCgroups(options: CgroupOptions): CgroupPlan {
  const { facts, rootless, cgroupsPath = "", resources = {} } = options;
  const locations = cgroupLocations(facts, cgroupsPath, options.id);
  const limits = planLimits(options);
  const bestEffort = rootless && cgroupsPath === "";
  return {
    ...limits,
    locations,
    create: {
      groups: creationOf(facts, locations, limits.settings, resources, bestEffort),
      refuse_in_use: true,
    },
    early: facts.mode === "v2" ? [] : groupSettings(locations, limits.settings.filter(isEarly)),
  };
}

const IN_USER_NAMESPACE = "device rules cannot be set in a user namespace";
const NO_RIGHTS = [ERRNO.PERM, ERRNO.ACCES, ERRNO.ROFS, ERRNO.NOENT];

/** `resources` as settings for a new cgroup of this host's kind. Throws RuntimeError for invalid values. */
function resourceSettings(facts: CgroupFacts, resources: ResourcesConfig): CgroupSettings {
  const isLimited = Object.entries(resources).some(
    ([name, part]) => name !== "devices" && part !== undefined,
  );
  if (!isLimited) return { settings: [], ignored: [] };
  return facts.mode === "v2" ? v2Settings(resources) : v1Settings(resources);
}

/** For `update`, whose cgroups have limits already. */
export function changeSettings(facts: CgroupFacts, changes: ResourcesConfig): CgroupSettings {
  return facts.mode === "v2" ? v2Settings(changes) : v1Changes(changes);
}

/** The directories to make, each once, and what must stand in them from the start. */
export function creationOf(
  facts: CgroupFacts,
  locations: CgroupLocations,
  settings: readonly CgroupSetting[],
  { cpu }: ResourcesConfig,
  bestEffort: boolean,
): CgroupToCreate[] {
  const isV2 = facts.mode === "v2";
  const cpuset = locations.find(({ controller }) => controller === "cpuset");
  return distinctGroups(locations).map((group) => ({
    ...group,
    enable_controllers: isV2,
    domain: isV2 && needsDomain(settings),
    cpuset:
      cpuset !== undefined && cpuset.mount === group.mount && cpuset.path === group.path
        ? { cpus: cpu?.cpus ?? "", mems: cpu?.mems ?? "" }
        : null,
    tolerate_permission: bestEffort,
  }));
}

/** The settings by cgroup, keeping their order. Those of controllers without a location are left out. */
export function groupSettings(
  locations: CgroupLocations,
  settings: readonly CgroupSetting[],
): CgroupWrites[] {
  const groups: (Omit<CgroupWrites, "writes"> & { writes: CgroupWrites["writes"][number][] })[] = [];
  for (const { controller, file, value, subject, tolerate, alternative } of settings) {
    const location = locationOf(locations, controller);
    if (location === undefined) continue;
    const { mount, path } = location;
    let last = groups.at(-1);
    if (last === undefined || last.mount !== mount || last.path !== path) {
      last = { mount, path, writes: [] };
      groups.push(last);
    }
    last.writes.push({ file, value, subject, tolerate, alternative });
  }
  return groups;
}

/** What `createCgroups` has made. */
export interface CreatedCgroups {
  /** Those of the plan that are there: all, or fewer for a rootless container. */
  locations: CgroupLocations;
  /** Where a controller could not be switched on, for the error of a limit that fails later. */
  notEnabled: readonly ControllerNotEnabled[];
}

/**
 * Makes the cgroups. Throws RuntimeError: in use by somebody else, no permission, a threaded parent.
 * Nothing is left behind then.
 */
export function createCgroups(plan: CgroupPlan): CreatedCgroups {
  const { in_use, threaded, errnos, not_enabled } = orExplain(
    () => native("cgroup_create", plan.create),
    unableToApply,
  );
  if (in_use !== null) refuseInUse(in_use);
  if (threaded !== null) throw unableToApply(threadedError(threaded.path, threaded.type));
  const created = plan.locations.filter((location) => {
    const index = plan.create.groups.findIndex(
      ({ mount, path }) => mount === location.mount && path === location.path,
    );
    return errnos[index] === 0;
  });
  const isV2 = plan.locations.length === 1 && plan.locations[0]?.controller === "";
  const [errno] = errnos;
  if (isV2 && errno !== undefined && errno !== 0 && plan.settings.length > 0) {
    const path = absolutePath(plan.locations[0] as CgroupLocation);
    const cause = `mkdir ${path}: ${errnoText(errno)}`;
    throw unableToApply(
      new RuntimeError(
        `rootless needs no limits + no cgrouppath when no permission is granted for cgroups: ${cause}`,
        {
          step: "mkdir",
          path,
          errno,
          subject: plan.settings[0]?.subject ?? "linux.resources",
        },
      ),
    );
  }
  if (plan.early.length > 0) {
    try {
      orExplain(() => native("cgroup_write", { groups: plan.early }), unableToApply);
    } catch (error) {
      removeCgroups(created);
      throw error;
    }
  }
  return { locations: created, notEnabled: not_enabled };
}

/**
 * Throws RuntimeError if somebody else uses the cgroup, or if it is frozen and would stop the process that
 * enters it.
 */
export function refuseInUse({ occupied, frozen }: CgroupInUseReply): void {
  if (occupied !== null) throw cgroupNotEmpty(occupied.path, occupied.processes);
  if (frozen !== null) throw cgroupFrozen(frozen);
}

function threadedError(path: string, type: string): RuntimeError {
  const state = type === "domain invalid" ? "an invalid state" : `${type} mode`;
  return new RuntimeError(`cannot enter cgroupv2 "${path}" with domain controllers -- it is in ${state}`, {
    path,
    hint: "a cgroup above it has processes of its own or is threaded: choose another linux.cgroupsPath",
  });
}

function unableToApply(error: RuntimeError): RuntimeError {
  return error.wrap(`${CGROUPS_NOT_APPLIED}: ${error.message}`);
}

/**
 * Everything the configuration limits, on the cgroups that `createCgroups` has made. Throws RuntimeError
 * that names file, value and config path.
 */
export function limitCgroups(plan: Limits, created: CreatedCgroups): void {
  const { locations, notEnabled } = created;
  // A rootless container needs no device rules: it cannot use the devices that they would deny.
  const settings = plan.rootless
    ? plan.settings.filter(({ controller }) => controller !== "devices" || locationOf(locations, controller))
    : plan.settings;
  writeSettings(locations, settings, notEnabled);
}

/** v2: the device rules, as a program. (v1 has files for them, among the settings.) */
export function restrictDevices(plan: Limits, { locations }: CreatedCgroups): void {
  const unified = locations.find(({ controller }) => controller === "");
  if (plan.devices === null || unified === undefined) return;
  try {
    native("cgroup_devices", { group: groupOf(unified), rules: deviceRules(plan.devices) });
  } catch (error) {
    if (!plan.rootless) throw error;
  }
}

/**
 * Writes settings, for `create` and for `update`. Throws RuntimeError; also for a limit whose controller
 * has no cgroup here (rootless, or not mounted).
 */
export function writeSettings(
  locations: CgroupLocations,
  settings: readonly CgroupSetting[],
  notEnabled: readonly ControllerNotEnabled[] = [],
): void {
  for (const { controller, subject } of settings) {
    if (locationOf(locations, controller) !== undefined) continue;
    throw new RuntimeError(`cannot set ${controller} limit: container could not join or create cgroup`, {
      subject,
    });
  }
  const groups = groupSettings(locations, settings);
  if (groups.length === 0) return;
  orExplain(
    () => native("cgroup_write", { groups }),
    (error) => writeError(error, locations, notEnabled),
  );
}

/** How the first process enters the cgroups: cgroup2 with clone3(2), the others by itself. */
export function placement(locations: CgroupLocations): Placement {
  const unified = locations.find(({ controller }) => controller === "");
  const v1 = distinctGroups(locations.filter(({ controller }) => controller !== ""));
  return {
    into: unified === undefined ? null : absolutePath(unified),
    tasks: v1.map((group) => `${absolutePath(group)}/tasks`),
  };
}

/** The same under systemd. v2: systemd moves the process. v1: it enters what systemd does not know by itself. */
export function scopePlacement({ mode }: CgroupFacts, locations: CgroupLocations): Placement {
  return mode === "v2" ? placement([]) : { ...placement(locations), into: null };
}
