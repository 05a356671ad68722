/**
 * Each step that confines the program, and each such call outside the steps, fails with every possible errno: either the
 * start fails, or the program is confined exactly as without the failure. The only other outcome is that there is nothing to
 * protect (zig/rehearsal/harmless.zig). bunc-init rehearses the golden plans for this. zig/rehearsal/confining.zig lists the steps
 * and calls; one that is missing there fails the test. host-rehearsal.test.ts covers the calls of bunc itself.
 */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { tell } from "../hostile/results.ts";
import { isLong } from "../hostile/rounds.ts";
import { cases } from "./cases.ts";
import { furtherCases } from "./further-cases.ts";
import { builtBefore } from "./zig-build.ts";

/** Counts for one kind of step, or for calls outside steps. */
interface Counts {
  what: string;
  calls: number;
  failures: number;
  ended: number;
  same: number;
  not_there: number;
}

/** The plans of the short run: together they contain each kind. */
const telling = [
  "default",
  "exec-as-user",
  "user-namespace-joined",
  "apparmor",
  "selinux",
  "seccomp",
  "seccomp-no-new-privileges-notify",
  "rootfs-propagation-shared",
  "no-pivot",
  "no-mount-namespace",
  "mounts-remove",
];
const met = new Map<string, Counts>();
const steps = new Set<string>();

builtBefore("rehearsal");

function add(counts: Counts): void {
  const sums = met.get(counts.what) ?? { ...counts, calls: 0, failures: 0, ended: 0, same: 0, not_there: 0 };
  for (const key of ["calls", "failures", "ended", "same", "not_there"] as const) sums[key] += counts[key];
  met.set(counts.what, sums);
}

describe("failures of calls that confine the program", () => {
  for (const { name } of [...cases, ...furtherCases]) {
    if (!isLong && !telling.includes(name)) continue;
    test(name, () => {
      const program = join(projectRoot, "zig-out/bin/rehearsal");
      const plan = join(import.meta.dir, `golden/${name}.json`);
      const { stdout, stderr, exitCode, signalCode } = Bun.spawnSync([program, "confine", plan]);
      const lines = `${stdout}`.split("\n").filter(Boolean);
      expect(lines.filter((line) => !line.startsWith("{"))).toEqual([]);
      expect([`${stderr}`, exitCode, signalCode ?? null]).toEqual(["", 0, null]);
      for (const row of lines.map((line) => JSON.parse(line))) {
        if (row.step === undefined) add(row);
        else steps.add(row.step);
      }
    }, 120_000);
  }

  test("each kind of step was included", () => {
    // It only supplies the value for the next umask(2), which cannot fail.
    steps.delete("umask");
    expect([...steps].filter((step) => !met.has(step))).toEqual([]);
    expect(steps.size).toBeGreaterThan(15);
    const sums = { calls: 0, failures: 0, ended: 0, same: 0, not_there: 0 };
    for (const counts of met.values()) {
      expect(counts.failures).toBe(counts.ended + counts.same + counts.not_there);
      for (const key of ["calls", "failures", "ended", "same", "not_there"] as const)
        sums[key] += counts[key];
    }
    tell("confining", {
      "kinds of steps and calls": met.size,
      calls: sums.calls,
      failures: sums.failures,
      "ended the start": sums.ended,
      "changed nothing": sums.same,
      "had nothing to protect": sums.not_there,
    });
  });
});
