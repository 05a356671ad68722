/**
 * From a plan to a process that waits for `start`: spawned, limited, its hooks run. What can be done while
 * bunc-init makes its mounts is done meanwhile.
 */

import type { MadeCgroups, RestrictedCgroups } from "../cgroup/manager.ts";
import type { Log } from "../log/log.ts";
import type { Plan, Spawned } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { StateRecord } from "../state/record.ts";
import type { StateDirectory } from "../state/store.ts";
import type { Bundle } from "./bundle.ts";
import { placeRecordedCgroups } from "./claim.ts";
import type { FailureExplainer } from "./failure-explainer.ts";
import { runCreateHooks, runPoststopHooks } from "./hooks.ts";
import { namespacePaths } from "./initial-record.ts";
import { serveSeccompAgent } from "./seccomp-agent.ts";
import { storeConfig } from "./stored-config.ts";
import { makeStreams } from "./streams.ts";
import type { UndoList } from "./undo-list.ts";

interface BringUp {
  plan: Plan;
  record: StateRecord;
  directory: StateDirectory;
  bundle: Bundle;
  made: MadeCgroups;
  failures: FailureExplainer;
  /** Collects what undoes each step. */
  undo: UndoList;
  log: Log;
}

/** Returns a process that is ready and waits for `start`. Throws RuntimeError; `undo` then ends the process. */
export function bringUp(up: BringUp): Spawned {
  const { plan, record, directory, bundle, made, failures, undo, log } = up;
  const { start } = plan.process;
  const isHeld = made.state === "awaiting";
  // The core leaves no process behind when it fails; after other failures it has to be ended here.
  let alive: Spawned | undefined;
  undo.add(() => {
    if (alive === undefined) return;
    const { pid, pidfd, channel, console } = alive;
    native("abandon", { pid, pidfd, channel });
    if (console !== null) native("close_fd", { fd: console });
  });
  /** Lets the process go on to its next report. When that fails, the call has ended it. */
  const proceed = (call: () => Spawned): Spawned => {
    alive = undefined;
    alive = failures.explain("init", call);
    remember(record, alive, bundle);
    return alive;
  };

  const pipes = makeStreams(plan.stdio.streams);
  record.external_descriptors = record.external_descriptors.map((stream, fd) => pipes[fd] || stream);
  const first = proceed(() => native(isHeld ? "spawn_held" : "spawn_started", { plan }));
  let unlimited: RestrictedCgroups | undefined = placeRecordedCgroups(made, up, first.pid).restrictDevices();
  storeConfig(directory, bundle.checked);
  // With its pid: if this command is killed, the process that waits for `start` can still be found.
  directory.save(record);
  const { pid, pidfd, channel } = first;
  let spawned = proceed(() =>
    isHeld
      ? native("release", { plan, pid, pidfd, channel })
      : native("follow", {
          start,
          stdio: plan.stdio,
          limits: plan.limits,
          namespaces: plan.namespaces,
          pid,
          pidfd,
          channel,
        }),
  );

  for (;;) {
    if (spawned.progress !== "seccomp_listener") {
      // Its mounts are made: they were not subject to the container's limits.
      unlimited?.limit();
      unlimited = undefined;
    }
    if (spawned.progress === "ready") return spawned;
    if (spawned.progress === "hooks") {
      directory.save(record);
      undo.addAfterwards(() => runPoststopHooks(bundle.config, record, log));
      runCreateHooks(bundle.config, record);
    } else {
      serveSeccompAgent(bundle.config, record, spawned);
    }
    const { pid, pidfd, channel, console } = spawned;
    spawned = proceed(() => native("advance", { start, pid, pidfd, channel, console }));
  }
}

function remember(record: StateRecord, spawned: Spawned, bundle: Bundle): void {
  if (spawned.executable !== "") record.bunc.initExecutable = spawned.executable;
  record.init_process_pid = spawned.pid;
  record.init_process_start = Number(spawned.start_time);
  record.namespace_paths = namespacePaths(spawned.pid, bundle.config);
}
