/**
 * From a plan to a process that waits for `start`: spawned, limited, its hooks run. What can be done while
 * bunc-init makes its mounts is done meanwhile.
 */

import type { MadeCgroups, RestrictedCgroups } from "../cgroup/manager.ts";
import type { Log } from "../log/log.ts";
import type { Plan, Spawned } from "../native/boundary.gen.ts";
import type { Bundle } from "./bundle.ts";
import { type Claim, placeRecordedCgroups } from "./claim.ts";
import { abandon, begin, type InitReport, type Ready } from "./conversation.ts";
import type { ExplainFailure } from "./failure-explainer.ts";
import { runCreateHooks, runPoststopHooks } from "./hooks.ts";
import { namespacePaths } from "./initial-record.ts";
import { serveSeccompAgent } from "./seccomp-agent.ts";
import { storeConfig } from "./stored-config.ts";

interface BringUp extends Claim {
  plan: Plan;
  bundle: Bundle;
  made: MadeCgroups;
  explain: ExplainFailure;
  log: Log;
}

/** Returns a process that is ready and waits for `start`. Throws RuntimeError; `undo` then ends the process. */
export function bringUp(up: BringUp): Ready {
  const { plan, record, directory, bundle, made, explain, undo, log } = up;
  let waiting: Spawned | undefined;
  undo.add(() => abandon(waiting));
  const reach = <Of extends Spawned>(act: () => Of): Of => {
    const reached = explain("init", act);
    waiting = reached;
    record.init_process_pid = reached.pid;
    record.init_process_start = Number(reached.start_time);
    record.namespace_paths = namespacePaths(reached.pid, bundle.config);
    return reached;
  };

  const begun = reach(() => {
    const { process, executable, pipes } = begin<InitReport>(plan, made.state === "awaiting");
    record.bunc.initExecutable = executable;
    record.external_descriptors = record.external_descriptors.map((stream, fd) => pipes[fd] || stream);
    return process;
  });
  let unlimited: RestrictedCgroups | undefined = placeRecordedCgroups(made, up, begun.pid).restrictDevices();
  storeConfig(directory, bundle.checked);
  // With its pid: if this command is killed, the process that waits for `start` can still be found.
  directory.save(record);
  let report: InitReport = reach(begun.proceed);
  for (;;) {
    if (report.progress !== "seccomp_listener") {
      // Its mounts are made: they were not subject to the container's limits.
      unlimited?.limit();
      unlimited = undefined;
    }
    if (report.progress === "ready") return report;
    if (report.progress === "hooks") {
      directory.save(record);
      undo.addAfterwards(() => runPoststopHooks(bundle.config, record, log));
      runCreateHooks(bundle.config, record);
    } else {
      serveSeccompAgent(bundle.config, record, report);
    }
    report = reach(report.proceed);
  }
}
