/** Whatever goes wrong once in a hundred times: the same thing again and again, with nothing stuck and nothing left. */
import { expect } from "bun:test";
import { cgroupsOf } from "../harness/leaks.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

/** Emulated machines are slow. */
const timeoutMs = 20 * 60_000;

scenario(
  "500 times paused and resumed, nothing stays frozen",
  [root, buncOnly],
  async (box) => {
    const id = await box.started(box.probe(["fork:10", "sleep"]));
    for (let round = 0; round < 500; round += 1) {
      await box.must(["pause", id]);
      expect((await box.state(id)).status).toBe("paused");
      await box.must(["resume", id]);
    }
    expect((await box.state(id)).status).toBe("running");
  },
  timeoutMs,
);

scenario(
  "200 containers in turn, half of them forking when they are deleted, leave no cgroup",
  [root, buncOnly],
  async (box) => {
    const quiet = box.probe(["sleep"]);
    const forking = box.probe(["fork:500", "sleep"]);
    for (let round = 0; round < 200; round += 1) {
      const id = await box.started(round % 2 === 0 ? quiet : forking);
      await box.must(["delete", "--force", id]);
      expect(cgroupsOf(id)).toEqual([]);
    }
  },
  timeoutMs,
);
