/**
 * The cgroups of one new container under whichever driver: made in up to four steps around the start of
 * its first process. `create` before there is a process, `place` when one is there and held (systemd makes
 * a scope from a process), `restrictDevices` while it works, `limit` when its file systems stand.
 */

import type { Warning } from "../failure/warning.ts";
import type { Placement } from "../native/boundary.gen.ts";
import type { CgroupOptions } from "./create.ts";
import type { CgroupLocation } from "./paths.ts";
import type { SystemdEnvironment } from "./systemd/driver.ts";

/** Who makes and removes the container's cgroups. */
export type CgroupDriver = "cgroupfs" | "systemd" | "disabled";

/** What a driver needs to know about the container. */
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

/** The cgroups of one container, in the order of the steps above. */
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
  /** Sets the device rules while the process works, if they allow everything that it has to do. */
  restrictDevices(): void;
  /** Throws RuntimeError that names the limit. */
  limit(): void;
  /** Ends the connection to the bus, if there is one. */
  close(): void;
}
