/** The kernel's records of what its OOM killer did (mm/oom_kill.c, mm/memcontrol.c), in the text of its log. Pure. */

/** It charges in batches (MEMCG_CHARGE_BATCH, 64 pages): one that is refused leaves the usage so far below the limit. */
const BATCH_BYTES = 64 * 4096;

/** Whether a charge may have been refused at this usage; both in bytes. */
export const isReached = (usage: number, limit: number) => usage + BATCH_BYTES >= limit;

interface LoggedOomKill {
  /** How many processes it ended at once. */
  kills: number;
  /** The limit of the cgroup itself that was reached, in bytes; "": memory ran out further up. */
  limit: string;
}

/**
 * The last kill of process `pid` in the cgroup `path` or below it: "system.slice/a.scope", from the mount of its
 * hierarchy. Only lines of the kernel itself count (facility 0). Of many kills at a time the kernel logs some.
 */
export function findOomKill(log: string, pid: number, path: string): LoggedOomKill | undefined {
  const lines = log.split("\n").filter((line) => /^<[0-7]>/.test(line));
  // Each begins with the process that found no memory.
  const records = lines.join("\n").split(/ invoked oom-killer: .*/);
  for (const record of records.toReversed()) {
    const [, limited = "", cgroup = "", victim = ""] = KILL.exec(record) ?? [];
    const killed = record.includes(GROUP) ? killedIn(record) : [victim];
    if (!killed.includes(String(pid)) || !`${cgroup}/`.includes(`/${path}/`)) continue;
    return { kills: killed.length, limit: limited.endsWith(`/${path}`) ? limitReached(record) : "" };
  }
  return undefined;
}

/** The cgroup whose limit was reached (none: the whole machine's memory ran out), the victim's cgroup, the victim. */
const KILL = / oom-kill:.*,(?:oom_memcg=(.*)|global_oom),task_memcg=(.*),task=.*,pid=(\d+),uid=\d+$/m;

const GROUP = " are going to be killed due to memory.oom.group set";

function killedIn(record: string): string[] {
  return [...new Set([...record.matchAll(/: Killed process (\d+) \(/g)].map(([, pid = ""]) => pid))];
}

/** On v1 there may be two, of memory alone and with swap. */
function limitReached(record: string): string {
  for (const [, usage, limit] of record.matchAll(/ memory(?:\+swap)?: usage (\d+)kB, limit (\d+)kB/g)) {
    if (isReached(Number(usage) * KIB, Number(limit) * KIB)) return String(Number(limit) * KIB);
  }
  return "";
}

const KIB = 1024;
