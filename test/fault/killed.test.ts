/**
 * The runtime is killed in the middle of a command, as happens when a client dies (SIGKILL as parent death signal):
 * `delete --force` must clean up everything that was half made, and nothing may be left. The runtime is killed after given
 * times, so that no tracer changes its behaviour; every-call.test.ts kills it at every system call.
 */
import { describe } from "bun:test";
import { root } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import { scenario } from "../harness/scenario.ts";
import { survives, victims, withEverything } from "./victim.ts";

const rounds = 40;

describe("killed after a while", () => {
  for (const victim of victims.filter(({ reads }) => reads !== true)) {
    scenario(
      `${victim.verb}, at ${rounds} moments of its life`,
      [root],
      async (box) => {
        const bundle = withEverything(box.probe([]), victim.program);
        // Its duration when it is not killed.
        let whole = 0;
        await survives(box, bundle, victim, async (command) => {
          const started = performance.now();
          await Bun.spawn(command, { env: bareEnvironment, stdio: ["ignore", "ignore", "ignore"] }).exited;
          whole = performance.now() - started;
        });
        for (let round = 0; round < rounds; round++) {
          await survives(box, bundle, victim, async (command) => {
            const child = Bun.spawn(command, {
              env: bareEnvironment,
              stdio: ["ignore", "ignore", "ignore"],
            });
            await Bun.sleep((whole * 1.2 * round) / rounds);
            child.kill("SIGKILL");
            await child.exited;
          });
        }
      },
      300_000,
    );
  }
});
