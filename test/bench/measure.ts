/** Measures one command from clone to wait, with a process that costs almost nothing itself (test/probe/measure.zig). */
import { probePath } from "../harness/probe.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import { childrenOf } from "./children.ts";

/** Lets the kernel finish its work for the previous container (its network namespace), so that the next command does not pay. */
const settleMs = 50;

/** The costs of a command, including all descendants that it waited for. */
export interface Measure {
  readonly wallMs: number;
  /** CPU time: user and system. */
  readonly cpuMs: number;
  /** The peak RSS of the largest process. */
  readonly peakRssKib: number;
  /** Exceptions, if the machine counts them; otherwise also pages that the kernel was asked to populate. */
  readonly faults: number;
  /** Undefined if the machine does not count them. */
  readonly userInstructions: number | undefined;
}

/** `terminal`: on a terminal of its own instead of /dev/null. Throws if the status is not 0. */
export function measure(command: readonly string[], cwd: string, terminal = false): Measure {
  Bun.sleepSync(settleMs);
  const action = terminal ? "measure-terminal" : "measure";
  const { stdout } = Bun.spawnSync([probePath(), action, ...command], { cwd, env: bareEnvironment });
  const [found] = JSON.parse(stdout.toString());
  if (found.status !== 0) throw new Error(`${command.join(" ")}: status ${found.status}`);
  return {
    wallMs: found.wallNs / 1e6,
    cpuMs: found.cpuUs / 1e3,
    peakRssKib: found.maxRssKib,
    faults: found.faultsTaken ?? found.minorFaults + found.majorFaults,
    userInstructions: found.userInstructions,
  };
}

/**
 * Keeps one counter open. The kernel patches its own code when the first counter is opened and when the last one is closed:
 * without this it would do so in every measurement, which sometimes crashes an emulated kernel. → a function that closes it.
 */
export function keepCounting(): () => Promise<unknown> {
  const counter = Bun.spawn([probePath(), "measure", probePath(), "sleep"], {
    env: bareEnvironment,
    stdio: ["ignore", "ignore", "ignore"],
  });
  return () => {
    for (const pid of childrenOf(counter.pid)) process.kill(pid, "SIGKILL");
    return counter.exited;
  };
}

/** The sums for commands that are measured together. */
export function together(parts: readonly Measure[]): Measure {
  const sum = (of: (part: Measure) => number) => parts.reduce((total, part) => total + of(part), 0);
  return {
    wallMs: sum((part) => part.wallMs),
    cpuMs: sum((part) => part.cpuMs),
    peakRssKib: Math.max(...parts.map((part) => part.peakRssKib)),
    faults: sum((part) => part.faults),
    userInstructions: parts.some((part) => part.userInstructions === undefined)
      ? undefined
      : sum((part) => part.userInstructions ?? 0),
  };
}
