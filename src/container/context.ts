/** The global flags, as far as they concern containers, and the log. */

import type { CgroupDriver } from "../cgroup/manager.ts";
import type { Log } from "../log/log.ts";

export interface ContainerContext {
  /** State directory given with --root, absolute; undefined: the default (src/state/store.ts). */
  root: string | undefined;
  /** Whether cgroup permission errors are tolerated. */
  rootless: boolean | "auto";
  driver: CgroupDriver;
  log: Log;
}
