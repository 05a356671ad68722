/** The memory of waiting processes, and the smallest memory limit of a container. */
import { readFileSync } from "node:fs";
import { bareEnvironment } from "../harness/runtime.ts";
import { childrenOf } from "./children.ts";
import type { Contender } from "./contender.ts";

/** From smaps_rollup(5): pages that no other process has. */
function privateKib(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+)/gm)].reduce(
    (sum, [, kib]) => sum + Number(kib),
    0,
  );
}

const statePid = (contender: Contender, id: string): number =>
  JSON.parse(contender.quietly(["state", id]).stdout.toString()).pid;

/** Private memory of the process that waits after `create`. */
export function waitingInitKib(contender: Contender): number {
  const id = contender.created(contender.sleeper);
  try {
    return privateKib(statePid(contender, id));
  } finally {
    contender.remove(id);
  }
}

const startTimeoutMs = 20_000;

/** Private memory of all processes of a foreground `run` that waits for its container, without the container's own. */
export async function waitingRunKib(contender: Contender): Promise<number> {
  const args = contender.runArgs(contender.sleeper);
  const id = args.at(-1) ?? "";
  const run = Bun.spawn(contender.box.commandLine(args), {
    env: bareEnvironment,
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    const deadline = Date.now() + startTimeoutMs;
    let container = 0;
    while (container === 0) {
      if (Date.now() > deadline) throw new Error(`${contender.name} run: not running after 20 s`);
      await Bun.sleep(50);
      const state = contender.quietly(["state", id]);
      if (state.exitCode !== 0) continue;
      const { status, pid } = JSON.parse(state.stdout.toString());
      if (status === "running") container = pid;
    }
    // By then it has finished its work for the started program.
    await Bun.sleep(200);
    const pending = [run.pid];
    let sum = 0;
    for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
      if (pid === container) continue;
      sum += privateKib(pid);
      pending.push(...childrenOf(pid));
    }
    return sum;
  } finally {
    // `run` deletes its container itself, so a concurrent delete --force sometimes finds nothing.
    contender.quietly(["kill", id, "KILL"]);
    await run.exited;
  }
}

/** More than any runtime needs. */
const LIMIT_MAX_KIB = 64 * 1024;
const LIMIT_STEP_KIB = 64;
/** Less than the program itself needs: a container that starts with this limit is not limited at all. */
const LIMIT_MIN_KIB = 4;
/** All must succeed, because one start may be luck. */
const LIMIT_TRIES = 3;

/**
 * The smallest memory limit, without swap, at which a static true(1) starts and exits successfully; null if there is none.
 * Throws if the runtime does not apply limits (crun --cgroup-manager=disabled).
 */
export function smallestMemoryLimitKib({ box }: Contender): number | null {
  const starts = (limitKib: number) => {
    const limit = limitKib * 1024;
    const bundle = box.probe(["exit:0"], (config) => {
      config.linux.resources = { ...config.linux.resources, memory: { limit, swap: limit } };
    });
    for (let attempt = 0; attempt < LIMIT_TRIES; attempt++) {
      const id = box.id();
      const { exitCode } = Bun.spawnSync(box.commandLine(["run", "--bundle", bundle.directory, id]), {
        env: bareEnvironment,
        timeout: 20_000,
      });
      if (exitCode === 0) continue;
      Bun.spawnSync(box.commandLine(["delete", "--force", id]), { env: bareEnvironment });
      return false;
    }
    return true;
  };
  let enough = LIMIT_MAX_KIB;
  if (!starts(enough)) return null;
  if (starts(LIMIT_MIN_KIB)) {
    throw new Error(`${box.runtime.name} starts in ${LIMIT_MIN_KIB} KiB: it does not apply the limit`);
  }
  let tooSmall = 0;
  while (enough - tooSmall > LIMIT_STEP_KIB) {
    const middle = Math.ceil((enough + tooSmall) / 2 / LIMIT_STEP_KIB) * LIMIT_STEP_KIB;
    if (middle === enough) break;
    if (starts(middle)) enough = middle;
    else tooSmall = middle;
  }
  return enough;
}
