/** A program that exists, but that execve(2) refuses. */

import { expect } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { buncOnly, notIn, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

scenario(
  "execve's refusal in the foreground is one line, as the program's own would be",
  [root, notIn("runc", "1.1.5 ends with 1")],
  async (box) => {
    const bundle = box.bundle((config) => {
      config.process.args = ["/run.sh"];
    });
    writeFileSync(`${bundle.rootfs}/run.sh`, "#!/no/interpreter\n");
    chmodSync(`${bundle.rootfs}/run.sh`, 0o755);
    const result = await box.run(bundle);
    expect(result.stderr.replaceAll("\0", "")).toBe("exec /run.sh: no such file or directory\n");
    expect(result.status).toBe(255);
  },
);

scenario("the log has all that is known about it", [root, buncOnly], async (box) => {
  const bundle = box.bundle((config) => {
    config.process.args = ["/run.sh"];
  });
  writeFileSync(`${bundle.rootfs}/run.sh`, "#!/no/interpreter\n");
  chmodSync(`${bundle.rootfs}/run.sh`, 0o755);
  const log = box.path("log");
  const args = ["--log", log, "--log-format", "json", "run", "--bundle", bundle.directory, box.id()];
  expect((await box.call(args)).status).toBe(255);
  const record = JSON.parse(readFileSync(log, "utf8"));
  expect(record).toMatchObject({
    level: "error",
    msg: "exec /run.sh: no such file or directory",
    step: "execve",
  });
  expect(record.hint).toContain("interpreter");
  // The caller of a container that is not in the foreground sees only bunc's own message.
  const detached = await box.call(["run", "--detach", "--bundle", bundle.directory, box.id()]);
  expect(detached.status).toBe(1);
  expect(detached.stderr).toContain("runc run failed: ");
});
