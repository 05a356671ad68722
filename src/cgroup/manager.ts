/**
 * The cgroups of one new container under whichever driver: made in up to four steps around the start of
 * its first process. `create` before there is a process, `place` when one is there and held (systemd makes
 * a scope from a process), `restrictDevices` while it works, `limit` when its file systems stand.
 */

import { RuntimeError } from "../failure/errors.ts";
import type { Warning } from "../failure/warning.ts";
import type { Placement } from "../native/boundary.gen.ts";
import type { native } from "../native/call.ts";
import {
  type CgroupOptions,
  type CgroupPlan,
  type CreatedCgroups,
  createCgroups,
  limitCgroups,
  placement,
  planCgroups,
  restrictDevices,
} from "./create.ts";
import { delegateCgroup } from "./delegate.ts";
import type { CgroupLocation } from "./paths.ts";
import { warningsOf } from "./resources/setting.ts";
import type { SystemdEnvironment } from "./systemd/driver.ts";

/** Who makes and removes the container's cgroups. */
export type CgroupDriver = "cgroupfs" | "systemd" | "disabled";

export interface DriverOptions extends CgroupOptions {
  driver: CgroupDriver;
  /** Of the container, for systemd. */
  annotations: Readonly<Record<string, string>>;
}

export interface ManagerOptions extends DriverOptions {
  /** For systemd: where its bus is. */
  systemd: SystemdEnvironment;
  /** The user of the host who is to own the v2 cgroup; undefined: it stays ours. */
  owner?: number | undefined;
}

export interface CgroupManager {
  /** Where the cgroups are, or will be. */
  readonly locations: readonly CgroupLocation[];
  /** The unit to remember; undefined: not systemd's. */
  readonly unit: { unit: string; slice: string } | undefined;
  /** What the configuration asks for and does not get. */
  readonly warnings: readonly Warning[];
  /** The process has to be started with `spawn_held` and given to `place`. */
  readonly needsProcess: boolean;
  /** Refuses cgroups that are in use. Throws RuntimeError and leaves nothing behind. */
  create(): void;
  /** For the plan of the process. */
  placement(): Placement;
  /** Throws RuntimeError and leaves nothing behind; where there was a cgroup already, the process has ended too. */
  place(pid: number): void;
  /** The rules for devices, while the process works, where they keep it from nothing that it has to do. */
  restrictDevices(): void;
  /** Throws RuntimeError that names the limit. */
  limit(): void;
  /** Ends the connection to the bus, if there is one. */
  close(): void;
}

/** Throws RuntimeError for a configuration that cannot be, and where systemd cannot be reached. */
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
      hint: "leave --cgroup-manager disabled out, or linux.resources",
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
