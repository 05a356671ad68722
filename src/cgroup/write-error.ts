/** A limit that the kernel refused, in runc's words, with the reason if it can be found. */

import { type NativeError, RuntimeError } from "../failure/errors.ts";
import { systemCallFailed } from "../failure/messages.ts";
import { errnoName } from "../kernel/errno.ts";
import { type ControllerNotEnabled, ERRNO } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { fileTexts } from "./files.ts";
import { absolutePath, type CgroupLocation, type CgroupLocations } from "./paths.ts";

/** `error` is what the native call `cgroup_write` threw. */
export function writeError(
  error: NativeError,
  locations: CgroupLocations,
  notEnabled: readonly ControllerNotEnabled[],
): RuntimeError {
  const { op, target, detail: value, errno, subject } = error.failure;
  const file = target.slice(target.lastIndexOf("/") + 1);
  const directory = target.slice(0, target.lastIndexOf("/"));
  const cause = systemCallFailed(op, target, errno);
  const details = { step: op, path: target, errno, subject, cause: error };
  const location = locations.find((candidate) => absolutePath(candidate) === directory);

  if (subject.startsWith("linux.resources.unified")) {
    const missing = location === undefined ? "" : missingController(location, file, errno);
    const message =
      missing === ""
        ? `unable to set unified resource "${file}": ${withValue(op, value, cause.message)}`
        : missing;
    return new RuntimeError(message, details);
  }
  if (file === "memory.limit_in_bytes" && errno === ERRNO.BUSY && location !== undefined) {
    const usage = memoryUsage(location);
    if (usage !== "") return new RuntimeError(`unable to set memory limit to ${value} (${usage})`, details);
  }
  const message = withValue(op, value, cause.message);
  const hint = location?.controller === "" ? whyNotEnabled(file, directory, errno, notEnabled) : "";
  return new RuntimeError(message, hint === "" ? details : { ...details, hint });
}

function withValue(op: string, value: string, message: string): string {
  return op === "write" ? `failed to write ${JSON.stringify(value)}: ${message}` : message;
}

function missingController(location: CgroupLocation, file: string, errno: number): string {
  if (errno !== ERRNO.NOENT && errno !== ERRNO.PERM && errno !== ERRNO.ACCES) return "";
  const dot = file.indexOf(".");
  if (dot === -1) return `unified resource "${file}" must be in the form CONTROLLER.PARAMETER`;
  const controller = file.slice(0, dot);
  if (controller === "cgroup") return "";
  const [controllers] = fileTexts(location, ["cgroup.controllers"]);
  if (controllers?.trim().split(" ").includes(controller)) return "";
  return `unified resource "${file}" can't be set: controller "${controller}" not available`;
}

function memoryUsage(location: CgroupLocation): string {
  const [usage, peak] = fileTexts(location, ["memory.usage_in_bytes", "memory.max_usage_in_bytes"]);
  if (!usage || !peak) return "";
  return `current usage: ${usage.trim()}, peak usage: ${peak.trim()}`;
}

/** v2: a missing file belongs to a controller that could not be enabled in a cgroup above. */
function whyNotEnabled(
  file: string,
  directory: string,
  errno: number,
  notEnabled: readonly ControllerNotEnabled[],
): string {
  if (errno !== ERRNO.NOENT) return "";
  const controller = file.slice(0, file.indexOf("."));
  const refusal = notEnabled.find(
    (candidate) => candidate.controller === controller && directory.startsWith(`${candidate.path}/`),
  );
  if (refusal === undefined) return "";
  const where = `controller ${controller} could not be enabled in ${refusal.path}/cgroup.subtree_control (${errnoName(refusal.errno)})`;
  if (refusal.errno !== ERRNO.BUSY || !hasProcesses(refusal.path)) return where;
  return `${where}: it has processes of its own (move them into a cgroup below it)`;
}

function hasProcesses(path: string): boolean {
  try {
    return native("read_host_file", { path: `${path}/cgroup.procs` }).text !== "";
  } catch {
    return false;
  }
}
