/**
 * Values of cgroup v1, in which the OCI resources are written, as those of v2.
 * config-linux.md, "Control groups"; Linux, Documentation/admin-guide/cgroup-v2.rst.
 */

import { RuntimeError } from "../../failure/errors.ts";
import type { Integer64 } from "../../oci/json-number.ts";

/**
 * cpu.shares [2, 262144], default 1024 → cpu.weight [1, 10000], default 100; 0 (not set) stays 0.
 * A quadratic in log2(shares) through minimum, default and maximum.
 */
export function sharesToWeight(shares: Integer64): number {
  if (BigInt(shares) >= 262144n) return 10000;
  const value = Number(shares);
  if (value === 0) return 0;
  if (value <= 2) return 1;
  const log = Math.log2(value);
  const exponent = (log * log + 125 * log) / 612 - 7 / 34;
  return Math.ceil(10 ** exponent);
}

/** blkio.weight [10, 1000] → io.weight [1, 10000], linear; 0 (not set) stays 0. */
export function blkioToIoWeight(weight: number): number {
  if (weight === 0) return 0;
  return 1 + Math.trunc(((weight - 10) * 9999) / 990);
}

/**
 * memory.swap of the OCI counts memory and swap together, memory.swap.max swap alone.
 * null: nothing to write. Throws RuntimeError where the two do not fit together.
 */
export function memorySwapToSwapMax(swap: Integer64 = 0, limit: Integer64 = 0): string | null {
  const both = BigInt(swap);
  const memory = BigInt(limit);
  // As in v1: unlimited memory means unlimited swap, unless swap is set.
  if (both === 0n) return memory === -1n ? "max" : null;
  if (both === -1n) return "max";
  if (memory === -1n) return both.toString();
  if (memory === 0n) throw swapError("unable to set swap limit without memory limit", swap);
  if (memory < 0n) throw swapError(`invalid memory value: ${memory}`, swap);
  if (both < memory) throw swapError("memory+swap limit should be >= memory limit", swap);
  return (both - memory).toString();
}

function swapError(message: string, swap: Integer64): RuntimeError {
  return new RuntimeError(message, {
    subject: "linux.resources.memory.swap",
    hint: `swap (${swap}) is memory and swap together: it must be at least memory.limit, or -1`,
  });
}

/** A limit as memory.max and its like take it: -1 is "max"; null: not set. */
export function memoryLimit(value: Integer64 | undefined): string | null {
  if (value === undefined || BigInt(value) === 0n) return null;
  return BigInt(value) === -1n ? "max" : String(value);
}

/**
 * pids.max. 0 becomes 1, as with runc and systemd (which knows no 0): a cgroup with one process cannot
 * fork under either. Negative: no limit.
 */
export function pidsMax(limit: Integer64): string {
  const value = BigInt(limit);
  if (value < 0n) return "max";
  return value === 0n ? "1" : value.toString();
}

/** cpu.max: "QUOTA PERIOD" in microseconds. A quota that is not positive is none. */
export function cpuMax(quota: Integer64 = 0, period: Integer64 = 0): string {
  const defaultPeriod = 100000;
  return `${BigInt(quota) > 0n ? quota : "max"} ${BigInt(period) === 0n ? defaultPeriod : period}`;
}
