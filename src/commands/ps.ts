/** `ps`: the processes of a container, as ps(1) shows them or as a JSON array of pids. */

import { cgroupProcesses } from "../cgroup/operate.ts";
import { cgroupsOf } from "../container/cgroups.ts";
import { openContainer } from "../container/container.ts";
import { RuntimeError } from "../failure/errors.ts";
import type { Handler } from "../verbs/verbs.ts";
import { filterByPid } from "./ps-table.ts";

const DEFAULT_ARGUMENTS = ["-ef"];

export const run: Handler<"ps"> = ({ format }, [id, given], context) => {
  const { record, status } = openContainer(id, context);
  const locations = cgroupsOf(record);
  if (locations.length === 0 && status !== "stopped") {
    throw new RuntimeError("unable to get all container pids: the container has no cgroup of its own", {
      hint:
        record.bunc.cgroupDriver === "disabled"
          ? "it was created with --cgroup-manager disabled"
          : "have a cgroup delegated to this user before the container is created (systemd: Delegate=yes)",
    });
  }
  const pids = cgroupProcesses(locations);
  if (format === "json") {
    // A nil slice of Go, as runc prints it.
    console.log(pids.length === 0 ? "null" : JSON.stringify(pids));
    return 0;
  }
  const output = runPs(given.length === 0 ? DEFAULT_ARGUMENTS : given);
  console.log(filterByPid(output, new Set(pids)));
  return 0;
};

/** What ps(1) prints. Its own complaints become the error. */
function runPs(words: readonly string[]): string {
  const program = Bun.which("ps", { PATH: process.env["PATH"] ?? "" });
  if (program === null) {
    throw new RuntimeError('exec: "ps": executable file not found in $PATH', {
      path: "ps",
      hint: "install procps, or use --format json, which needs no ps",
    });
  }
  const result = Bun.spawnSync([program, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  const output = result.stdout.toString();
  if (result.success) return output;
  throw new RuntimeError(`exit status ${result.exitCode}: ${output}${result.stderr.toString()}`, {
    step: "ps",
    path: program,
  });
}
