/** Adding and removing mounts of a running container. */

import { containerNotRunning } from "../failure/messages.ts";
import { currentHost, rootlessCgroups } from "../host/current.ts";
import type { Plan } from "../native/boundary.gen.ts";
import { loadMounts } from "../oci/mounts-document.ts";
import { resolveConfig } from "../oci/resolved/config.ts";
import { type HotMountOptions, planMountsAdded, planMountsRemoved } from "../plan/hot-mounts.ts";
import type { Container } from "./container.ts";
import type { ContainerContext } from "./context.ts";
import { carryOut } from "./conversation.ts";
import { failureExplainer } from "./failure-explainer.ts";
import { readStoredConfig } from "./stored-config.ts";

type MountsChange = "add" | "remove";

/** `document`: the name of what `text` was read from. Mounts that were made before one fails stay. */
export function changeMounts(
  { directory, record, status }: Container,
  change: MountsChange,
  text: string,
  document: string,
  context: ContainerContext,
): void {
  if (status === "stopped" || status === "creating") throw containerNotRunning();
  const host = currentHost();
  const config = readStoredConfig(directory.loadConfig(), record);
  const { bundle } = record.bunc;
  const facts = {
    host,
    bundle,
    noPivot: false,
    rootlessCgroups: rootlessCgroups(context.rootless, host),
  };
  const { value: mounts, warnings } = loadMounts(
    text,
    document,
    config,
    change === "add" ? facts : undefined,
  );
  context.log.warnings(warnings);
  if (mounts.length === 0) return;

  const changed = resolveConfig({ ...config, mounts }, bundle);
  const options: HotMountOptions = {
    id: record.id,
    init: { pid: record.init_process_pid, startTime: record.init_process_start },
    bundle,
    trace: context.log.debugging,
    cgroupDirectories: new Map(Object.entries(record.cgroup_paths)),
  };
  const plan: Plan =
    change === "add" ? planMountsAdded(changed, host, options) : planMountsRemoved(changed, options);
  failureExplainer(changed, record, undefined)("other", () => carryOut(plan));
}
