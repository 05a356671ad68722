/** `events`: a container's statistics and OOM events, one JSON object a line. */

import { watchOom } from "../cgroup/oom-watch.ts";
import { hugePageSizes, readStats } from "../cgroup/stats/stats.ts";
import { cgroupsOf } from "../container/cgroups.ts";
import { openContainer } from "../container/container.ts";
import { rdtStatsOf } from "../container/rdt.ts";
import { loadStoredConfig } from "../container/stored-config.ts";
import { failureMessage, RuntimeError } from "../failure/errors.ts";
import { currentHost } from "../host/current.ts";
import { native } from "../native/call.ts";
import { stringifyJson } from "../oci/json.ts";
import type { Handler } from "../verbs/verbs.ts";

/** Its entries name the huge page sizes of this machine: "hugepages-2048kB". */
const HUGE_PAGES = "/sys/kernel/mm/hugepages";

export const run: Handler<"events"> = ({ stats, interval }, [id], context) => {
  const { directory, record, status } = openContainer(id, context);
  if (status === "stopped") throw new RuntimeError(`container with id ${id} is not running`);
  const config = loadStoredConfig(directory, record);
  const locations = cgroupsOf(record);
  const pageSizes = hugePageSizes(
    native("list_directory", { path: HUGE_PAGES }).entries.map(({ name }) => name),
  );
  const printStats = () => {
    const data = readStats(currentHost().cgroup, locations, pageSizes, rdtStatsOf(record, config));
    console.log(stringifyJson({ type: "stats", id, data }));
  };
  if (stats) {
    printStats();
    return 0;
  }

  const awaitOom = watchOom(locations, record.init_process_pid);
  let next = performance.now() + interval;
  for (;;) {
    const { oom, ended } = awaitOom(next - performance.now());
    if (oom) console.log(JSON.stringify({ type: "oom", id }));
    if (ended) return 0;
    if (performance.now() < next) continue;
    try {
      printStats();
    } catch (error) {
      // One failed reading must not end the stream.
      context.log.warning(failureMessage(error));
    }
    next = Math.max(next + interval, performance.now());
  }
};
