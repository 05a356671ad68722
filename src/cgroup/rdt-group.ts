/** The resctrl group of a container: made, its shares written and read back, read for statistics, removed. */

import { orExplain, RuntimeError } from "../failure/errors.ts";
import { systemCallFailed } from "../failure/messages.ts";
import type { Warning } from "../failure/warning.ts";
import { errnoText } from "../kernel/errno.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { SchemataLine } from "../oci/intel-rdt.ts";
import { fileText } from "./files.ts";
import { groupPath, monitoringPath, type RdtPlan, schemataDifferences } from "./rdt.ts";

const GROUP_MODE = 0o755;

/** A task leaves its group when it ends; there is nothing in resctrl to wait for. */
const REMOVE_TIMEOUT_MS = 100;

interface MadeRdtGroup {
  /** What was rounded: bandwidth comes in steps that depend on the processor. */
  warnings: Warning[];
}

/**
 * Makes the groups that are not there, and gives them their shares. `made` is called with each directory just
 * before it is made, so that the caller's record is complete whenever this ends. Throws RuntimeError.
 */
export function makeRdtGroup(plan: RdtPlan, made: (path: string) => void): MadeRdtGroup {
  requireResources(plan);
  const path = groupPath(plan);
  const existing = fileText({ mount: plan.mount, path: plan.group }, "schemata");
  if (existing === undefined) {
    if (plan.shared && plan.schemata.length === 0) {
      throw new RuntimeError(
        `clos dir not accessible (must be pre-created when schemata, l3CacheSchema and memBwSchema are empty): stat ${path}: no such file or directory`,
        { step: "stat", path, errno: ERRNO.NOENT, subject: "linux.intelRdt.closID" },
      );
    }
    if (!plan.shared) made(path);
    makeDirectory(plan, path, "linux.intelRdt.closID");
  } else if (plan.shared) {
    refuseDifferences(plan, existing);
  }
  let warnings: Warning[] = [];
  if (existing === undefined || !plan.shared) {
    try {
      writeSchemata(plan.mount, plan.group, plan.schemata);
    } catch (error) {
      // A new closID outlives its container, but not with shares that nobody asked for.
      if (plan.shared) removeRdtGroups(plan.mount, [path]);
      throw error;
    }
    warnings = readBack(plan);
  }
  const monitoring = monitoringPath(plan);
  if (monitoring !== "") {
    // The end of the container's own group is the end of the monitoring groups in it.
    if (plan.shared || existing !== undefined) made(monitoring);
    makeDirectory(plan, monitoring, "linux.intelRdt.enableMonitoring");
  }
  return { warnings };
}

/** For `update`: writes shares of a group that is there. Throws RuntimeError with what the kernel said. */
export function writeSchemata(mount: string, group: string, lines: readonly SchemataLine[]): void {
  for (const { line, subject } of lines) {
    const write = { file: "schemata", value: `${line}\n`, subject, tolerate: [], alternative: null };
    orExplain(
      () => native("cgroup_write", { groups: [{ mount, path: group, writes: [write] }] }),
      (error) => {
        const { op, target, errno } = error.failure;
        const cause = systemCallFailed(op, target, errno).message;
        const message = `intelrdt: unable to write ${JSON.stringify(line)}: ${cause}`;
        return lastCommandError(mount, error.wrap(message));
      },
    );
  }
}

/**
 * Removes groups by their absolute paths. A missing one, or one whose resctrl is no longer mounted, is not an
 * error.
 */
export function removeRdtGroups(mount: string, paths: readonly string[]): void {
  const below = paths.filter((path) => mount !== "" && path.startsWith(`${mount}/`));
  if (below.length === 0) return;
  const groups = below.map((path) => ({ mount, path: path.slice(mount.length + 1) }));
  const [left] = native("cgroup_remove", { groups, timeout_ms: REMOVE_TIMEOUT_MS }).remaining;
  if (left === undefined) return;
  throw new RuntimeError(
    `unable to remove the Intel RDT group: rmdir ${left.path}: ${errnoText(left.errno)}`,
    {
      step: "rmdir",
      path: left.path,
      errno: left.errno,
    },
  );
}

/** Whether this machine and kernel can share out cache (L3) or memory bandwidth (MB). */
export function hasRdtResource(mount: string, resource: "L3" | "MB"): boolean {
  return fileText({ mount, path: `info/${resource}` }, "num_closids") !== undefined;
}

function requireResources({ mount, schemata }: RdtPlan): void {
  for (const { subject } of schemata) {
    const field = subject.slice("linux.".length);
    if (field === "intelRdt.l3CacheSchema" && !hasRdtResource(mount, "L3")) {
      throw notEnabled(field, "CAT", subject);
    }
    if (field === "intelRdt.memBwSchema" && !hasRdtResource(mount, "MB")) {
      throw notEnabled(field, "MBA", subject);
    }
  }
}

function notEnabled(field: string, feature: "CAT" | "MBA", subject: string): RuntimeError {
  return new RuntimeError(`${field} is specified in config, but Intel RDT/${feature} is not enabled`, {
    subject,
    hint: `the processor or the kernel's rdt= parameter has no ${feature === "CAT" ? "cache" : "bandwidth"} allocation: see info/ of the resctrl mount`,
  });
}

/** The specification: the shares of a closID that is there must be those of the configuration. */
function refuseDifferences(plan: RdtPlan, existing: string): void {
  const [difference] = schemataDifferences(plan.schemata, existing);
  if (difference === undefined) return;
  const path = `${groupPath(plan)}/schemata`;
  const found = difference.found === "" ? "no such resource" : JSON.stringify(difference.found);
  throw new RuntimeError(
    `unable to apply Intel RDT configuration: ${path} has ${found}, not ${JSON.stringify(difference.line)}`,
    {
      path,
      subject: difference.subject,
      hint: "an existing group keeps its schemata: choose another closID, or omit the schemata",
    },
  );
}

/** What the kernel has made of the lines. A mask of a cache stands there bit by bit; bandwidth may be rounded. */
function readBack(plan: RdtPlan): Warning[] {
  if (plan.schemata.length === 0) return [];
  const text = fileText({ mount: plan.mount, path: plan.group }, "schemata") ?? "";
  return schemataDifferences(plan.schemata, text).map(({ subject, line, found }) => ({
    path: subject,
    found: JSON.stringify(line),
    message: `${subject}: the kernel has changed ${line} to ${JSON.stringify(found)}`,
  }));
}

function makeDirectory({ mount }: RdtPlan, path: string, subject: string): void {
  orExplain(
    () => native("make_directory", { path, mode: GROUP_MODE, parents: false }),
    (error) => {
      const message = `unable to apply Intel RDT configuration: ${error.message}`;
      return lastCommandError(mount, new RuntimeError(message, { ...error, subject, cause: error }));
    },
  );
}

/** info/last_cmd_status says in words what an errno of resctrl means. */
function lastCommandError(mount: string, error: RuntimeError): RuntimeError {
  const status = fileText({ mount, path: "info" }, "last_cmd_status")?.trim() ?? "";
  if (status === "" || status === "ok") return error;
  return error.wrap(`${error.message}, last_cmd_status: ${status}`);
}
