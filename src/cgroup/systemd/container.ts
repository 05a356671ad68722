/** The cgroups of a new container as systemd makes them: one scope, from the container's first process. */

import { RuntimeError } from "../../failure/errors.ts";
import type { Warning } from "../../failure/warning.ts";
import type { CgroupFacts } from "../../host/cgroup.ts";
import { type CgroupInUseReply, type ControllerNotEnabled, SIG } from "../../native/boundary.gen.ts";
import { native } from "../../native/call.ts";
import { type ScopeSubgroups, scopeSubgroups } from "../../oci/annotations.ts";
import type { ResourcesConfig } from "../../oci/resources.ts";
import {
  creationOf,
  type Limits,
  limitCgroups,
  planLimits,
  refuseInUse,
  restrictDevices,
  scopePlacement,
} from "../create.ts";
import type { MadeCgroups, ManagerOptions, PlacedCgroups, PlannedCgroups } from "../manager.ts";
import { delegateCgroup, killCgroups, subCgroup } from "../operate.ts";
import { type CgroupLocation, type CgroupLocations, distinctGroups, locationsIn } from "../paths.ts";
import { warningsOf } from "../resources/setting.ts";
import { annotatedProperties } from "./annotations.ts";
import { Systemd } from "./driver.ts";
import {
  deviceProperties,
  needsVersion,
  oomPolicy,
  type Property,
  type SystemdResources,
  unitProperties,
  v1Properties,
  v2Properties,
} from "./properties.ts";
import { type UnitName, unitName } from "./unit.ts";

/** The systemd driver. Throws RuntimeError. */
export class SystemdCgroups implements PlannedCgroups {
  readonly locations: CgroupLocations;
  /** Until systemd has made the unit it may be somebody else's. */
  readonly claimed = [];
  private readonly unit: UnitName;
  readonly warnings: readonly Warning[];
  private readonly options: ManagerOptions;
  private readonly systemd: Systemd;
  private readonly converted: SystemdResources;
  private readonly annotated: Property[];
  /** The unit's cgroup, from the root of each hierarchy. */
  private readonly scope: string;
  private readonly subgroups: ScopeSubgroups;
  private readonly limits: Limits;

  constructor(options: ManagerOptions) {
    const { facts, cgroupsPath = "", id, rootless, resources = {} } = options;
    if (rootless && facts.mode !== "v2") {
      throw new RuntimeError("cannot use rootless systemd cgroups manager on cgroup v1");
    }
    this.options = options;
    // The configuration is checked completely before systemd is asked for anything.
    this.unit = unitName(cgroupsPath, id, rootless);
    this.annotated = annotatedProperties(options.annotations);
    this.subgroups = facts.mode === "v2" ? scopeSubgroups(options.annotations) : NO_SUBGROUPS;
    this.warnings = warningsOf(planLimits(options).ignored);
    this.systemd = Systemd.connect(options.systemd);
    this.converted = systemdResources(facts, resources, this.systemd);
    this.limits = planLimits({ ...options, resources: this.converted.resources });
    const { subgroup } = this.subgroups;
    this.scope = this.systemd.cgroupOf(this.unit);
    this.locations = systemdLocations(facts, subgroup === "" ? this.scope : `${this.scope}/${subgroup}`);
  }

  /**
   * Makes nothing: systemd does, from a process. But systemd's error about a running unit would not mention the
   * cgroup, and it does not mind a frozen one.
   */
  make(): MadeCgroups {
    refuseInUse(this.inUse());
    return {
      state: "awaiting",
      locations: this.locations,
      placement: scopePlacement(this.options.facts, this.locations),
      place: (pid) => this.place(pid),
    };
  }

  private inUse(): CgroupInUseReply {
    return native("cgroup_in_use", { groups: distinctGroups(this.scopeLocations()) });
  }

  private scopeLocations(): CgroupLocation[] {
    return systemdLocations(this.options.facts, this.scope);
  }

  private place(pid: number): PlacedCgroups {
    const { resources } = this.converted;
    const isV1 = this.options.facts.mode !== "v2";
    const version = resources.unified?.["memory.oom.group"] === undefined ? 0 : this.systemd.version();
    this.systemd.startUnit(this.unit.unit, [
      ...unitProperties(this.unit, [pid], isV1),
      ...this.converted.properties,
      ...oomPolicy(resources, version),
      ...this.annotated,
    ]);
    try {
      const notEnabled = this.furnish(pid);
      return {
        locations: this.locations,
        unit: this.unit,
        // With the limits: ours has to replace the program that systemd makes of its properties.
        restrictDevices: () => ({ limit: () => this.limit(pid, notEnabled) }),
      };
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** What systemd does not do for the new scope. */
  private furnish(pid: number): readonly ControllerNotEnabled[] {
    // Somebody may have frozen it, or its slice, since `create`: the process could do nothing, and we would wait for it.
    refuseInUse({ ...this.inUse(), occupied: null });
    const { subgroup, delegated } = this.subgroups;
    // Before the controllers are passed on to it: a cgroup with processes of its own passes none on.
    if (subgroup !== "") this.enter(subgroup, pid);
    const notEnabled = this.passControllersOn(this.locations);
    if (delegated === "") this.giveToOwner(this.locations);
    return notEnabled;
  }

  /** A frozen process does not react to SIGTERM, which systemd sends first. */
  private end(): void {
    killCgroups(this.scopeLocations(), SIG.KILL);
    this.systemd.stopUnit(this.unit.unit);
  }

  private passControllersOn(locations: CgroupLocations): readonly ControllerNotEnabled[] {
    const { settings } = this.limits;
    return native("cgroup_create", {
      groups: creationOf(this.options.facts, locations, settings, this.converted.resources, false),
      // The process is in it by now.
      refuse_in_use: false,
    }).not_enabled;
  }

  private giveToOwner(locations: CgroupLocations): void {
    if (this.options.owner !== undefined) delegateCgroup(locations, this.options.owner);
  }

  private limit(pid: number, notEnabled: readonly ControllerNotEnabled[]): void {
    const { policy, rootless } = this.limits;
    if (policy !== null && !rootless) {
      const version = this.options.facts.mode === "v2" ? "v2" : "v1";
      this.systemd.setProperties(this.unit.unit, deviceProperties(policy, version));
    }
    const created = { locations: this.locations, notEnabled };
    limitCgroups(this.limits, created);
    restrictDevices(this.limits, created);
    this.enterDelegated(pid);
    this.systemd.close();
  }

  /** By now the process has its cgroup namespace, and so the root of that is the cgroup with the limits. */
  private enterDelegated(pid: number): void {
    const { subgroup, delegated } = this.subgroups;
    if (delegated === "") return;
    this.enter(`${subgroup}/${delegated}`, pid);
    const locations = this.locations.map((location) => subCgroup(location, delegated));
    // Nobody is left in the cgroup with the limits, and so it can pass the controllers on.
    this.passControllersOn(locations);
    this.giveToOwner(locations);
  }

  /** Moves the process into a new cgroup below the scope's. */
  private enter(sub: string, pid: number): void {
    const path = `${this.options.facts.v2MountPoint}${this.scope}/${sub}`;
    native("make_directory", { path, mode: 0o755, parents: false });
    this.systemd.attach(this.unit.unit, sub, [pid]);
  }
}

/** cgroup v1 is not safe to delegate. */
const NO_SUBGROUPS: ScopeSubgroups = { subgroup: "", delegated: "" };

/** `linux.resources` for this systemd, and as they are to be written to files besides. */
export function systemdResources(
  facts: CgroupFacts,
  resources: ResourcesConfig,
  systemd: Systemd,
): SystemdResources {
  const version = needsVersion(resources) ? systemd.version() : 0;
  return facts.mode === "v2" ? v2Properties(resources, version) : v1Properties(resources, version);
}

/** `cgroup`: the unit's, from the root of each hierarchy. */
function systemdLocations(facts: CgroupFacts, cgroup: string): CgroupLocation[] {
  return locationsIn(facts, cgroup, () => cgroup);
}
