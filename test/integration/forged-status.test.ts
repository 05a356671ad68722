/** A program of the container that looks like bunc-init is not taken for a container that waits for `start`. */
import { expect } from "bun:test";
import { copyFileSync, readlinkSync } from "node:fs";
import { probePath } from "../harness/probe.ts";
import { root } from "../harness/requirements.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

for (const path of ["/memfd:bunc-init", "/memfd:bunc-init (deleted)"]) {
  scenario(`a program at ${path}: it runs, and that is what is said`, [root], async (box) => {
    const bundle = box.bundle((config) => {
      config.process.args = [path, "sleep"];
    });
    copyFileSync(probePath(), `${bundle.rootfs}${path}`);
    const id = await box.create(bundle);
    expect((await box.state(id)).status).toBe("created");
    await box.must(["start", id]);
    const { pid, status } = await box.state(id);
    expect(status).toBe("running");
    // runc's start does not wait for execve.
    await until("the program runs", () => readlinkSync(`/proc/${pid}/exe`) === path || undefined);
    expect((await box.state(id)).status).toBe("running");
    const started = await box.call(["start", id]);
    expect(started.stderr).toContain("cannot start an already running container");
    const deleted = await box.call(["delete", id]);
    expect(deleted.stderr).toContain("that is not stopped: running");
    expect((await box.state(id)).status).toBe("running");
  });
}
