import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cgroupsOf } from "../test/harness/leaks.ts";

const demo = join(import.meta.dir, "demo.ts");
const leftovers = () => [
  ...readdirSync(tmpdir()).filter((name) => name.startsWith("bunc-demo-")),
  ...readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes("bunc-demo-")),
];

const isRoot = process.getuid?.() === 0;

test.if(isRoot)(
  `the demonstration shows a container, twice, and leaves nothing${isRoot ? "" : " [skipped: needs root]"}`,
  () => {
    for (let round = 0; round < 2; round++) {
      const result = Bun.spawnSync([process.execPath, demo]);
      expect(result.stderr.toString()).toBe("");
      expect(result.exitCode).toBe(0);
      const output = result.stdout.toString();
      for (const text of ["bunc-demo", "1 (parent 0)", "its own", "never", "filter", "EROFS"]) {
        expect(output).toContain(text);
      }
    }
    expect(leftovers()).toEqual([]);
  },
  60_000,
);

test.if(isRoot)(
  `after an interruption at any time the next run works and cleans up${isRoot ? "" : " [skipped: needs root]"}`,
  async () => {
    for (const delayMs of [20, 60, 100, 140, 180]) {
      const child = Bun.spawn([process.execPath, demo], { stdout: "ignore", stderr: "ignore" });
      await Bun.sleep(delayMs);
      child.kill("SIGKILL");
      await child.exited;
    }
    // The processes inside exit by themselves within moments.
    await Bun.sleep(1000);
    expect(Bun.spawnSync([process.execPath, demo]).exitCode).toBe(0);
    expect(leftovers()).toEqual([]);
    expect(cgroupsOf("demo-")).toEqual([]);
  },
  60_000,
);
