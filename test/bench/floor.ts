/** The kernel's part of `run`: a static program that makes only the necessary calls (test/probe/floor.zig). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probePath } from "../harness/probe.ts";
import type { Contender } from "./contender.ts";
import { measure } from "./measure.ts";
import { countCalls } from "./system-calls.ts";
import { median } from "./table.ts";

export interface Floor {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly faults: number;
  /** Undefined without strace. */
  readonly systemCalls: number | undefined;
}

/** In the root file system of a contender's bundle. */
export function measureFloor({ bundle }: Contender, rounds: number, isCounted: boolean): Floor {
  const scratch = mkdtempSync(join(tmpdir(), "bunc-bench-"));
  const action = `floor:/sys/fs/cgroup/bunc-bench-${process.pid},${bundle.rootfs}`;
  const command = [probePath(), action];
  try {
    const samples = Array.from({ length: rounds }, () => measure(command, scratch));
    const calls = isCounted
      ? countCalls((wrapper) => measure([...wrapper, ...command], scratch)).reduce(
          (sum, count) => sum + count,
          0,
        )
      : undefined;
    return {
      wallMs: median(samples.map(({ wallMs }) => wallMs)),
      cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
      faults: median(samples.map(({ faults }) => faults)),
      systemCalls: calls,
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
