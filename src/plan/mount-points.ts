/**
 * The places in a root file system that mounts need, made by mounting everything once in a mount namespace that ends
 * with its process: what is missing is then made as for a new container, also within a bind. A restored container
 * gets its mounts from CRIU, which makes no places.
 */

import type { HostFacts } from "../host/host.ts";
import type { Plan } from "../native/boundary.gen.ts";
import { CLONE, MS } from "../native/boundary.gen.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import { type MountingOptions, PlanContext } from "./context.ts";
import { mountingPlan } from "./hot-mounts.ts";
import { planMounts } from "./mounts.ts";
import { newNamespaces } from "./namespaces.ts";

interface MountPointOptions extends MountingOptions {
  id: string;
  /** Absolute path without symbolic links. */
  rootfs: string;
}

export function planMountPoints(config: ResolvedConfig, host: HostFacts, options: MountPointOptions): Plan {
  // cgroup mounts are in sysfs or a file system of their own, and need no mount point here.
  const mounts = config.mounts.filter(({ kind }) => kind !== "cgroup");
  const context = new PlanContext({ ...config, mounts }, host);
  context.add("linux.rootfsPropagation", { root_propagation: { flags: MS.SLAVE, recursive: true } });
  context.add("root.path", { bind_root: { path: options.rootfs, bind: true } });
  planMounts(context, options);
  return mountingPlan(options.id, newNamespaces(CLONE.NEWNS), context.steps);
}
