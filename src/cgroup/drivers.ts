/** The cgroup drivers: the file system itself, systemd (a part of its own), and none. */

import { RuntimeError } from "../failure/errors.ts";
import {
  type CgroupPlan,
  type CreatedCgroups,
  createCgroups,
  type Limits,
  limitCgroups,
  placement,
  planCgroups,
  restrictDevices,
} from "./create.ts";
import type { ManagerOptions, PlacedCgroups, PlannedCgroups } from "./manager.ts";
import { delegateCgroup } from "./operate.ts";
import { warningsOf } from "./resources/setting.ts";

/** Throws RuntimeError for an invalid configuration, and if systemd cannot be reached. */
export function planDriver(options: ManagerOptions): PlannedCgroups {
  switch (options.driver) {
    case "cgroupfs":
      return cgroupfs(options);
    case "systemd": {
      const { SystemdCgroups }: typeof import("./systemd/container.ts") = require("./systemd/container.ts");
      return new SystemdCgroups(options);
    }
    case "disabled":
      refuseLimits(options);
      return planned(NOTHING, () => ({ locations: [], notEnabled: [] }));
  }
}

function cgroupfs(options: ManagerOptions): PlannedCgroups {
  const plan = planCgroups(options);
  return planned(plan, () => {
    const created = createCgroups(plan);
    if (options.owner !== undefined) delegateCgroup(created.locations, options.owner);
    return created;
  });
}

/** Cgroups that need no process. `create`: makes them. */
function planned(plan: PlacedLimits, create: () => CreatedCgroups): PlannedCgroups {
  return {
    locations: plan.locations,
    claimed: plan.locations,
    warnings: warningsOf(plan.ignored),
    make() {
      const created = create();
      const { locations } = created;
      const place = () => placed(plan, created);
      return { state: "standing", locations, placement: placement(locations), place };
    },
  };
}

function placed(plan: Limits, created: CreatedCgroups): PlacedCgroups {
  return {
    locations: created.locations,
    unit: undefined,
    restrictDevices() {
      if (plan.devicesEarly) restrictDevices(plan, created);
      return {
        limit() {
          limitCgroups(plan, created);
          if (!plan.devicesEarly) restrictDevices(plan, created);
        },
      };
    },
  };
}

type PlacedLimits = Omit<CgroupPlan, "create" | "early">;

/** `--cgroup-manager disabled`: the container stays in the caller's cgroups, and nothing can limit it. */
const NOTHING: PlacedLimits = {
  locations: [],
  settings: [],
  policy: null,
  devices: null,
  devicesEarly: false,
  ignored: [],
  rootless: false,
};

function refuseLimits(options: ManagerOptions): void {
  const [first] = planCgroups({ ...options, inUserNamespace: true }).settings;
  if (first === undefined) return;
  throw new RuntimeError(`cannot set ${first.controller} limit: cgroups are disabled`, {
    subject: first.subject,
    hint: "remove --cgroup-manager disabled, or linux.resources",
  });
}
