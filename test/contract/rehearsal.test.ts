/**
 * Plan → system calls: bunc-init rehearses each golden plan on a kernel that does nothing (zig/rehearsal.zig). The
 * expected calls are in golden/, next to the plan; UPDATE_GOLDEN=1 rewrites them. Then each call fails in turn, with each
 * errno of its man page: the result is a Failure with this errno and the config path, and no call that makes the container
 * is skipped (zig/rehearsal/verdict.zig; zig/rehearsal/harmless.zig has the exceptions).
 *
 * To repeat one failure: zig-out/bin/rehearsal fail INDEX ERRNO test/contract/golden/NAME.json
 */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { cases } from "./cases.ts";
import { furtherCases } from "./further-cases.ts";
import { builtBefore } from "./zig-build.ts";

const program = join(projectRoot, "zig-out/bin/rehearsal");

builtBefore("rehearsal");

/** Its output, and the signal that killed it. */
function rehearse(verb: "record" | "fail", plan: string): string {
  const { stdout, stderr, signalCode } = Bun.spawnSync([program, verb, plan]);
  return `${stdout}${stderr}${signalCode ?? ""}`;
}

describe("rehearsals", () => {
  for (const { name } of [...cases, ...furtherCases]) {
    const plan = join(import.meta.dir, `golden/${name}.json`);

    test(`${name}: its system calls`, async () => {
      const calls = rehearse("record", plan);
      const file = Bun.file(`${import.meta.dir}/golden/${name}.calls`);
      if (Bun.env["UPDATE_GOLDEN"] === "1") await Bun.write(file, calls);
      expect(calls).toBe(await file.text());
    });

    test(`${name}: each call fails`, () => {
      expect(rehearse("fail", plan)).toBe("");
    }, 60_000);
  }
});
