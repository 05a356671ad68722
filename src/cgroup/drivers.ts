/** The cgroup drivers: the file system itself, systemd (a part of its own), and none. */

import { RuntimeError } from "../failure/errors.ts";
import type { Warning } from "../failure/warning.ts";
import type { Placement } from "../native/boundary.gen.ts";
import type { native } from "../native/call.ts";
import {
  type CgroupPlan,
  type CreatedCgroups,
  createCgroups,
  limitCgroups,
  placement,
  planCgroups,
  restrictDevices,
} from "./create.ts";
import { delegateCgroup } from "./delegate.ts";
import type { CgroupManager, ManagerOptions } from "./manager.ts";
import type { CgroupLocation } from "./paths.ts";
import { warningsOf } from "./resources/setting.ts";

/** Throws RuntimeError for an invalid configuration, and if systemd cannot be reached. */
export function openManager(call: typeof native, options: ManagerOptions): CgroupManager {
  switch (options.driver) {
    case "cgroupfs":
      return new Cgroupfs(call, options);
    case "systemd": {
      const { SystemdCgroups }: typeof import("./systemd/container.ts") = require("./systemd/container.ts");
      return new SystemdCgroups(call, options);
    }
    case "disabled":
      return new NoCgroups(options);
  }
}

class Cgroupfs implements CgroupManager {
  readonly unit = undefined;
  readonly needsProcess = false;
  locations: readonly CgroupLocation[];
  private readonly call: typeof native;
  private readonly plan: CgroupPlan;
  readonly warnings: readonly Warning[];
  private readonly owner: number | undefined;
  private created: CreatedCgroups | undefined;

  constructor(call: typeof native, options: ManagerOptions) {
    this.call = call;
    this.plan = planCgroups(options);
    this.locations = this.plan.locations;
    this.warnings = warningsOf(this.plan.ignored);
    this.owner = options.owner;
  }

  create(): void {
    this.created = createCgroups(this.call, this.plan);
    this.locations = this.created.locations;
    if (this.owner !== undefined) delegateCgroup(this.call, this.locations, this.owner);
  }

  placement(): Placement {
    return placement(this.locations);
  }

  place(): void {}

  restrictDevices(): void {
    if (this.created === undefined || !this.plan.devicesEarly) return;
    restrictDevices(this.call, this.plan, this.created);
  }

  limit(): void {
    if (this.created === undefined) return;
    limitCgroups(this.call, this.plan, this.created);
    if (!this.plan.devicesEarly) restrictDevices(this.call, this.plan, this.created);
  }

  close(): void {}
}

/** `--cgroup-manager disabled`: the container stays in the caller's cgroups, and nothing can limit it. */
class NoCgroups implements CgroupManager {
  readonly locations: readonly CgroupLocation[] = [];
  readonly unit = undefined;
  readonly needsProcess = false;
  readonly warnings: readonly Warning[] = [];

  constructor(options: ManagerOptions) {
    const [first] = planCgroups({ ...options, inUserNamespace: true }).settings;
    if (first === undefined) return;
    throw new RuntimeError(`cannot set ${first.controller} limit: cgroups are disabled`, {
      subject: first.subject,
      hint: "remove --cgroup-manager disabled, or linux.resources",
    });
  }

  create(): void {}

  placement(): Placement {
    return placement([]);
  }

  place(): void {}

  restrictDevices(): void {}

  limit(): void {}

  close(): void {}
}
