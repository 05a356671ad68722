/** Builds what the tests of this folder need from `zig build`, before they run. */

import { beforeAll, expect } from "bun:test";
import { join } from "node:path";
import { projectRoot } from "../harness/project.ts";

/** `step`: a step of build.zig. */
export function builtBefore(step: "library" | "rehearsal"): void {
  beforeAll(() => {
    const zig = join(projectRoot, "node_modules/.bin/zig");
    const built = Bun.spawnSync([zig, "build", step], { cwd: projectRoot });
    expect(built.stderr.toString()).toBe("");
  }, 300_000);
}
