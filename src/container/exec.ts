/** A further process in a running container, for `exec`. */

import { placement } from "../cgroup/create.ts";
import { subCgroup } from "../cgroup/operate.ts";
import { type CgroupLocation, type CgroupLocations, locationsOfPaths } from "../cgroup/paths.ts";
import { NativeError, RuntimeError } from "../failure/errors.ts";
import { cannotExec } from "../failure/messages.ts";
import { parseSelfCgroup } from "../host/cgroup.ts";
import { currentHost, deniesSetgroups, rootlessCgroups } from "../host/current.ts";
import type { Placement, Plan } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { ProcessConfig } from "../oci/process.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import { planExec } from "../plan/plan.ts";
import type { StateRecord } from "../state/record.ts";
import { systemdEnvironment } from "./cgroups.ts";
import type { Container } from "./container.ts";
import type { ContainerContext } from "./context.ts";
import { begin, type ExecReport, type Executed, orAbandon, spawn } from "./conversation.ts";
import { failureExplainer } from "./failure-explainer.ts";
import { type HandOver, handOver } from "./hand-over.ts";
import { checkTerminal, inheritedDescriptors, inheritedNoFile } from "./inherited.ts";
import { rdtTasksOf, withTasks } from "./rdt.ts";
import { compileSeccomp } from "./seccomp.ts";
import { serveSeccompAgent } from "./seccomp-agent.ts";
import { loadStoredConfig } from "./stored-config.ts";

interface ExecRequest extends HandOver {
  /** What to run, made from the container's process and the command line. */
  process: (config: ResolvedConfig) => ProcessConfig;
  /** Controller → path below the container's cgroup ("" for v2). */
  subCgroups: ReadonlyMap<string, string>;
  ignorePaused: boolean;
  preserveFds: number;
  detach: boolean;
  /** OOM kills that were counted before; undefined: nobody counted. */
  earlierKills: number | undefined;
}

/** Returns when the program runs. */
export function execProcess(
  { directory, record, status }: Container,
  request: ExecRequest,
  context: ContainerContext,
): Executed {
  if (status === "creating" || status === "stopped") throw cannotExec(status);
  if (status === "paused" && !request.ignorePaused) throw cannotExec("paused");
  const host = currentHost();
  const config = loadStoredConfig(directory, record);
  const process = request.process(config);
  checkTerminal(process.terminal, request.detach, request.consoleSocket);
  const { listenFds } = inheritedDescriptors(request.preserveFds);
  const locations = withSubCgroups(locationsOfPaths(host.cgroup, record.cgroup_paths), request.subCgroups);
  const rdt = rdtTasksOf(record, config);
  const { plan, warnings } = planExec(process, config, host, {
    id: record.id,
    init: { pid: record.init_process_pid, startTime: record.init_process_start },
    setgroupsDenied: config.linux.namespaces.has("user")
      ? deniesSetgroups(record.init_process_pid)
      : host.setgroupsDenied,
    placement: withTasks(placement(locations), rdt),
    preserveFds: request.preserveFds,
    listenFds,
    inheritedNoFile: inheritedNoFile(),
    // The container's init has made the keyring, or was told not to; joining it is harmless then.
    noNewKeyring: false,
    foreground: !request.detach,
    seccomp: compileSeccomp(config.linux.seccomp, context.log),
    trace: context.log.debugging,
  });
  context.log.warnings(warnings);

  const place = { locations, isBelow: request.subCgroups.size > 0, rdt };
  const explain = failureExplainer(config, record, request.earlierKills);
  let spawned: ExecReport = explain("exec", () => spawnIn(plan, record, place), process);
  while (spawned.progress !== "executed") {
    const listening = spawned;
    orAbandon(listening, () => serveSeccompAgent(config, record, listening));
    spawned = explain("exec", listening.proceed, process);
  }
  handOver(request, spawned);
  return spawned;
}

/** `exec --process FILE`. */
export function readProcessFile(path: string, context: ContainerContext): ProcessConfig {
  const { found, text } = native("read_file", { path });
  if (!found) throw new RuntimeError(`open ${path}: no such file or directory`, { path });
  const host = currentHost();
  const rootless = rootlessCgroups(context.rootless, host);
  // The schema is loaded for this form of exec only.
  const { loadProcess }: typeof import("../oci/process-document.ts") = require("../oci/process-document.ts");
  const { value, warnings } = loadProcess(text, path, { host, noPivot: false, rootlessCgroups: rootless });
  context.log.warnings(warnings);
  return value;
}

function withSubCgroups(locations: CgroupLocation[], subs: ReadonlyMap<string, string>): CgroupLocation[] {
  if (subs.size === 0) return locations;
  for (const controller of subs.keys()) {
    if (controller !== "" && !locations.some((location) => location.controller === controller)) {
      throw new RuntimeError(`unknown controller ${controller} in SubCgroupPaths`, {
        hint: `this container has: ${locations.map((location) => location.controller).join(", ")}`,
      });
    }
  }
  return locations.map((location) => {
    const sub = subs.get(location.controller);
    return sub === undefined ? location : subCgroup(location, sub);
  });
}

interface ExecPlace {
  locations: CgroupLocations;
  /** In the cgroups below the container's that the command line names. */
  isBelow: boolean;
  rdt: readonly string[];
}

/**
 * In the container's recorded cgroup; where that cannot take a process (a systemd inside has moved everybody into
 * cgroups below it, or it is gone), in the one that the container's init is in now.
 */
function spawnIn(plan: Plan, record: StateRecord, place: ExecPlace): ExecReport {
  if (record.rootless && record.bunc.systemdUnit !== "") return spawnThroughSystemd(plan, record, place);
  try {
    return spawn(plan);
  } catch (error) {
    if (!(error instanceof NativeError) || !concernsPlacement(error, plan.placement)) throw error;
    if (place.isBelow) {
      throw error.wrap(
        `unable to start container process: error adding pid of the process to cgroups: ${error.message}`,
      );
    }
    const moved = withTasks(placement(cgroupsOfInit(record)), place.rdt);
    return spawn({ ...plan, placement: moved });
  }
}

function spawnThroughSystemd(plan: Plan, record: StateRecord, place: ExecPlace): ExecReport {
  const { process } = begin<ExecReport>({ ...plan, placement: placement([]) }, true);
  orAbandon(process, () => attachToContainer(record, place, process.pid));
  return process.proceed();
}

function attachToContainer(record: StateRecord, { locations, isBelow }: ExecPlace, pid: number): void {
  const { attachThroughSystemd }: typeof import("./systemd-unit.ts") = require("./systemd-unit.ts");
  const environment = systemdEnvironment(record.rootless);
  const attach = (places: CgroupLocations) => {
    for (const location of places) attachThroughSystemd(record, location, pid, environment);
  };
  try {
    attach(locations);
  } catch (error) {
    if (isBelow) throw error;
    attach(cgroupsOfInit(record));
  }
}

function concernsPlacement({ failure }: NativeError, { into, tasks }: Placement): boolean {
  return failure.target !== "" && (failure.target === into || tasks.includes(failure.target));
}

function cgroupsOfInit(record: StateRecord): CgroupLocation[] {
  const facts = currentHost().cgroup;
  const { text } = native("read_host_file", { path: `/proc/${record.init_process_pid}/cgroup` });
  const own = parseSelfCgroup(text);
  const recorded = locationsOfPaths(facts, record.cgroup_paths);
  return recorded.flatMap((location) => {
    const path = own.get(location.controller);
    return path === undefined ? [] : [{ ...location, path: path.slice(1) }];
  });
}
