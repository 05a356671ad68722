/**
 * Making a container, for `create` and `run`: state directory, cgroups, process, hooks, in that order, and all
 * of it undone when one of them fails.
 */

import { cgroupPaths } from "../cgroup/paths.ts";
import { failureMessage, type Log } from "../cli/log.ts";
import type { CommandContext } from "../cli/verbs.ts";
import { currentHost } from "../host/current.ts";
import type { Spawned, Start } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { PIDFD_RECEIVER } from "../oci/annotations.ts";
import { planCreate } from "../plan/plan.ts";
import type { StateRecord } from "../state/record.ts";
import { StateDirectory } from "../state/store.ts";
import { type Bundle, loadBundle } from "./bundle.ts";
import { newCgroups } from "./cgroups.ts";
import { rootOf } from "./container.ts";
import { removeRecordedCgroups } from "./destroy.ts";
import { FailureFacts } from "./failure-facts.ts";
import { type HandOver, handOver } from "./hand-over.ts";
import { runCreateHooks, runPoststopHooks } from "./hooks.ts";
import { refuseHostSysctls } from "./host-sysctls.ts";
import { checkTerminal, inheritedDescriptors, inheritedNoFile } from "./inherited.ts";
import { initialRecord } from "./initial-record.ts";
import { withNotifySocket } from "./notify-socket.ts";
import { rootlessCgroups } from "./rootless.ts";
import { compileSeccomp } from "./seccomp.ts";
import { serveSeccompAgent } from "./seccomp-agent.ts";
import { storeConfig } from "./stored-config.ts";

export interface CreateRequest extends HandOver {
  id: string;
  bundle: string | undefined;
  noPivot: boolean;
  noNewKeyring: boolean;
  preserveFds: number;
  /** `create` waits on the start socket, `run` for its parent. */
  start: Extract<Start, "parent" | "socket">;
  detach: boolean;
}

/** A container that waits for the word to start. The caller holds its lock. */
export interface Created {
  directory: StateDirectory;
  record: StateRecord;
  bundle: Bundle;
  spawned: Spawned;
  failures: FailureFacts;
  release: () => void;
}

export function createContainer(request: CreateRequest, context: CommandContext): Created {
  const host = currentHost();
  const rootless = rootlessCgroups(context.globals.rootless, host);
  const bundle = loadBundle(request.bundle, host, { noPivot: request.noPivot, rootlessCgroups: rootless });
  for (const warning of bundle.warnings) context.log.warning(warning);
  refuseHostSysctls(bundle.config);
  checkTerminal(bundle.config.process?.terminal ?? false, request.detach, request.consoleSocket);
  const inherited = inheritedDescriptors(request.preserveFds);
  const seccomp = compileSeccomp(bundle.config.linux.seccomp, context.log);
  const driver = context.globals.cgroupManager;
  const cgroups = newCgroups(request.id, bundle.config, driver, rootless);
  for (const warning of cgroups.warnings) context.log.warning(warning);

  const root = rootOf(context);
  const directory = new StateDirectory(root, request.id);
  directory.create(root);
  const lock = directory.lock();
  const undo = new UndoList(context.log);
  undo.add(() => lock.release());
  undo.add(() => directory.remove());
  try {
    const record = initialRecord(request.id, bundle, {
      driver,
      rootless,
      // A unit of the same name may be somebody else's until systemd has made ours.
      cgroupPaths: cgroups.needsProcess ? {} : cgroupPaths(cgroups.locations),
    });
    storeConfig(directory, bundle.config);
    directory.save(record);

    if (!cgroups.needsProcess) {
      cgroups.create();
      record.cgroup_paths = cgroupPaths(cgroups.locations);
      undo.add(() => removeRecordedCgroups(record));
    }

    const { plan, warnings } = planCreate(withNotifySocket(bundle.config, directory), host, {
      id: request.id,
      bundle: bundle.path,
      placement: cgroups.placement(),
      cgroupDirectories: new Map(Object.entries(cgroupPaths(cgroups.locations))),
      preserveFds: request.preserveFds,
      listenFds: inherited.listenFds,
      inheritedNoFile: inheritedNoFile(),
      noNewKeyring: request.noNewKeyring,
      carriesTerminal: !request.detach,
      noPivot: request.noPivot,
      seccomp,
      start: request.start,
      startSocket: request.start === "socket" ? directory.startSocket : "",
      newuidmap: host.newuidmap,
      newgidmap: host.newgidmap,
    });
    for (const warning of warnings) context.log.warning(warning);

    const failures = new FailureFacts(bundle.config, record);
    // The core leaves no process behind when it fails; when something else fails, that is for us to do.
    let waiting: Spawned | undefined;
    undo.add(() => {
      if (waiting === undefined) return;
      const { pid, pidfd, channel } = waiting;
      native("abandon", { pid, pidfd, channel });
    });
    let limited = false;
    let spawned = failures.explain("init", () =>
      native(cgroups.needsProcess ? "spawn_held" : "spawn", { plan }),
    );
    if (spawned.progress === "held") {
      const { pid, pidfd, channel } = spawned;
      waiting = spawned;
      cgroups.place(pid);
      record.cgroup_paths = cgroupPaths(cgroups.locations);
      record.bunc.systemdUnit = cgroups.unit?.unit ?? "";
      record.bunc.systemdSlice = cgroups.unit?.slice ?? "";
      undo.add(() => removeRecordedCgroups(record));
      remember(record, spawned, bundle);
      directory.save(record);
      waiting = undefined;
      spawned = failures.explain("init", () => native("release", { plan, pid, pidfd, channel }));
    }
    for (;;) {
      waiting = spawned;
      remember(record, spawned, bundle);
      if (!limited && spawned.progress !== "seccomp_listener") {
        // Its file systems stand by now: mounting them is not subject to the container's limits.
        cgroups.limit();
        limited = true;
      }
      if (spawned.progress === "ready") break;
      if (spawned.progress === "hooks") {
        directory.save(record);
        undo.add(() => runPoststopHooks(bundle.config, record, context.log));
        runCreateHooks(bundle.config, record);
      } else {
        serveSeccompAgent(bundle.config, record, spawned);
      }
      const { pid, pidfd, channel, console } = spawned;
      waiting = undefined;
      spawned = failures.explain("init", () =>
        native("advance", { start: request.start, pid, pidfd, channel, console }),
      );
    }
    cgroups.close();
    record.bunc.creating = false;
    directory.save(record);
    const pidfdSocket = request.pidfdSocket ?? bundle.config.annotations[PIDFD_RECEIVER];
    handOver({ ...request, pidfdSocket }, spawned);
    return { directory, record, bundle, spawned, failures, release: () => lock.release() };
  } catch (error) {
    undo.run();
    throw error;
  }
}

function remember(record: StateRecord, spawned: Spawned, bundle: Bundle): void {
  record.init_process_pid = spawned.pid;
  record.init_process_start = Number(spawned.start_time);
  record.namespace_paths = namespacePaths(spawned.pid, bundle);
}

/** runc's keys: the names of the CLONE_ flags. */
function namespacePaths(pid: number, bundle: Bundle): Record<string, string> {
  const paths: Record<string, string> = {};
  for (const { type, path } of bundle.config.linux.namespaces) {
    const [key, file] = NAMESPACE_FILES[type];
    paths[key] = path === "" ? `/proc/${pid}/ns/${file}` : path;
  }
  return paths;
}

const NAMESPACE_FILES = {
  pid: ["NEWPID", "pid"],
  network: ["NEWNET", "net"],
  mount: ["NEWNS", "mnt"],
  ipc: ["NEWIPC", "ipc"],
  uts: ["NEWUTS", "uts"],
  user: ["NEWUSER", "user"],
  cgroup: ["NEWCGROUP", "cgroup"],
  time: ["NEWTIME", "time"],
} as const;

/** What takes back the steps of a creation, last one first. */
class UndoList {
  readonly #log: Log;
  readonly #actions: (() => void)[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  add(action: () => void): void {
    this.#actions.push(action);
  }

  /** The error that led here is the one to report: what the undoing says is only logged. */
  run(): void {
    for (const action of this.#actions.reverse()) {
      try {
        action();
      } catch (error) {
        this.#log.warning(`undoing the creation: ${failureMessage(error)}`);
      }
    }
  }
}
