/**
 * `delete --force` of a container whose state file cannot be read: its processes and cgroups are found by the
 * rules that placed them. Writes are atomic, so somebody else damaged the file; systemd's units are left to
 * systemd.
 */

import { cgroupsExist, killCgroups, removeCgroups } from "../cgroup/operate.ts";
import { cgroupLocations } from "../cgroup/paths.ts";
import { failureMessage } from "../failure/errors.ts";
import { currentHost } from "../host/current.ts";
import type { Log } from "../log/log.ts";
import { native } from "../native/call.ts";
import { parseJson } from "../oci/json.ts";
import type { StateDirectory } from "../state/store.ts";
import { SIGKILL } from "./signal.ts";

/** `damage`: what reading the state file threw. */
export function salvage(directory: StateDirectory, damage: unknown, log: Log): void {
  log.warning(`${failureMessage(damage)}; removing what the container's configuration leads to`);
  const locations = cgroupLocations(currentHost().cgroup, cgroupsPathOf(directory), directory.id);
  if (cgroupsExist(locations)) {
    killCgroups(locations, SIGKILL);
    removeCgroups(locations);
  }
  directory.remove();
}

/** From the stored configuration, if it can be read. */
function cgroupsPathOf(directory: StateDirectory): string | undefined {
  const { found, text } = native("read_host_file", { path: directory.configFile });
  if (!found) return undefined;
  try {
    const { linux } = parseJson(text) as { linux?: { cgroupsPath?: unknown } };
    return typeof linux?.cgroupsPath === "string" ? linux.cgroupsPath : undefined;
  } catch {
    // Damaged too: the default path is the best guess.
    return undefined;
  }
}
