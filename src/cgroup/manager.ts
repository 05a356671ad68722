/**
 * The cgroups of one new container under whichever driver, in steps of which each gives the next one:
 *
 *   planned ─ make() ─▶ made ─ place(pid) ─▶ placed ─ restrictDevices() ─▶ restricted ─ limit()
 *
 * `make` before there is a process, `place` when it is there, `restrictDevices` while it works, `limit` when its file
 * systems stand.
 */

import type { Warning } from "../failure/warning.ts";
import type { Placement } from "../native/boundary.gen.ts";
import type { CgroupOptions } from "./create.ts";
import type { CgroupLocations } from "./paths.ts";
import type { SystemdEnvironment } from "./systemd/driver.ts";

/** Who makes and removes the container's cgroups. */
export type CgroupDriver = "cgroupfs" | "systemd" | "disabled";

/** What a driver needs to know about the container. */
export interface ManagerOptions extends CgroupOptions {
  driver: CgroupDriver;
  /** Of the container, for systemd. */
  annotations: Readonly<Record<string, string>>;
  /** For systemd: where its bus is. */
  systemd: SystemdEnvironment;
  /** The user of the host who is to own the v2 cgroup; undefined: it stays ours. */
  owner?: number | undefined;
}

/** The configuration is checked, and nothing is made. */
export interface PlannedCgroups {
  /** Where the cgroups will be. */
  readonly locations: CgroupLocations;
  /** Those that are this container's by their path alone: a unit of the same name may be somebody else's. */
  readonly claimed: CgroupLocations;
  /** What the configuration asks for and does not get. */
  readonly warnings: readonly Warning[];
  /** Refuses cgroups that are in use. Throws RuntimeError and leaves nothing behind. */
  make(): MadeCgroups;
}

/** `standing`: there before the process. `awaiting`: systemd makes a scope from a process, which is held until then. */
export type MadeCgroups = MadeFor<"standing", () => PlacedCgroups> | MadeFor<"awaiting", Place>;

/** Throws RuntimeError and leaves nothing behind; where there was a cgroup already, the process has ended too. */
type Place = (pid: number) => PlacedCgroups;

interface MadeFor<State, Placing> {
  readonly state: State;
  readonly locations: CgroupLocations;
  /** For the plan of the process. */
  readonly placement: Placement;
  readonly place: Placing;
}

/** The process is in its cgroups. */
export interface PlacedCgroups {
  readonly locations: CgroupLocations;
  /** The unit to remember; undefined: not systemd's. */
  readonly unit: { unit: string; slice: string } | undefined;
  /** While the process works: sets the device rules if they allow everything that it has to do. */
  restrictDevices(): RestrictedCgroups;
}

export interface RestrictedCgroups {
  /** Sets what is left, and ends the connection to the bus. Throws RuntimeError that names the limit. */
  limit(): void;
}
