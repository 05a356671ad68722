/** The Intel RDT part of `explain`: the resctrl group beside the cgroups. Pure. */

import { groupPath, monitoringPath, planRdt, rdtTasks } from "../cgroup/rdt.ts";
import type { IntelRdtConfig } from "../oci/intel-rdt.ts";
import type { CgroupOutline, CgroupStep } from "./cgroups.ts";

const SUBJECT = "linux.intelRdt";

/** The outline with what is done in resctrl. `mount`: where that is mounted. */
export function outlineRdt(
  outline: CgroupOutline,
  config: IntelRdtConfig | undefined,
  mount: string,
  id: string,
): CgroupOutline {
  if (config === undefined || mount === "") return outline;
  const plan = planRdt(config, mount, id);
  const group = groupPath(plan);
  const monitoring = monitoringPath(plan);
  const tasks = rdtTasks(group, monitoring);
  const steps: CgroupStep[] = [];
  // A closID without shares has to be there; "/" always is.
  if (plan.group !== "" && (!plan.shared || plan.schemata.length > 0)) {
    steps.push({ op: "mkdir", target: group, value: "0755, where it is missing", subject: SUBJECT });
  }
  for (const { line, subject } of plan.schemata) {
    const value = plan.shared ? `${line} (compared, where the group is there)` : line;
    steps.push({ op: "write", target: `${group}/schemata`, value, subject });
  }
  if (monitoring !== "") {
    steps.push({ op: "mkdir", target: monitoring, value: "0755", subject: `${SUBJECT}.enableMonitoring` });
  }
  const { placement, before, entered } = outline;
  return {
    ...outline,
    placement: { ...placement, tasks: [...placement.tasks, ...tasks] },
    before: [...before, ...steps],
    entered: [...entered, ...tasks.map((target) => ({ op: "write", target, value: "0", subject: SUBJECT }))],
  };
}
