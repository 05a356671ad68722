/** SELinux labels of containers. Runs where the kernel has SELinux with a policy (the selinux guest). */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { root } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import { scenario } from "../harness/scenario.ts";
import { FILE_LABEL, LABEL, OTHER_LABEL, selinux } from "../harness/selinux.ts";

const needs = [root, selinux];

/** The kernel terminates the text with a NUL byte. */
const CURRENT = "/proc/self/attr/current";
const label = (text: string) => text.replace(/\0$/, "");

scenario("the container's processes have its SELinux label", needs, async (box) => {
  const bundle = box.probe(["sleep"], (config) => {
    config.process["selinuxLabel"] = LABEL;
  });
  const id = await box.started(bundle);
  const { pid } = await box.state(id);
  expect(label(readFileSync(`/proc/${pid}/attr/current`, "utf8"))).toBe(LABEL);
  expect(label((await box.exec(id, [`read:${CURRENT}`])).read(CURRENT))).toBe(LABEL);
  await box.must(["delete", "--force", id]);
});

scenario("exec --process-label takes another SELinux label", needs, async (box) => {
  const id = await box.started(
    box.probe(["sleep"], (config) => {
      config.process["selinuxLabel"] = LABEL;
    }),
  );
  const inside = await box.exec(id, [`read:${CURRENT}`], ["--process-label", OTHER_LABEL]);
  expect(label(inside.read(CURRENT))).toBe(OTHER_LABEL);
  await box.must(["delete", "--force", id]);
});

scenario("an SELinux label that the policy does not define is an error", needs, async (box) => {
  const bundle = box.probe(["exit:0"], (config) => {
    config.process["selinuxLabel"] = "system_u:system_r:nothing_t:s0";
  });
  const { status, stderr } = await box.call(["run", "--bundle", bundle.directory, box.id()]);
  expect(status).toBe(1);
  expect(unquoted(stderr)).toContain("invalid argument");
});

scenario("linux.mountLabel is the context of the container's own file systems", needs, async (box) => {
  const bundle = box.probe(["read:/proc/self/mountinfo"], (config) => {
    config.linux["mountLabel"] = FILE_LABEL;
    config.mounts.push({ destination: "/scratch", type: "tmpfs", source: "tmpfs", options: ["nosuid"] });
  });
  const { mounts } = await box.reportOf(bundle);
  const options = new Map(mounts.map((mount) => [mount.target, mount.superOptions.join()]));
  // The kernel quotes a value with a comma.
  for (const path of ["/scratch", "/dev", "/dev/shm"]) {
    expect(options.get(path), path).toContain(`context="${FILE_LABEL}"`);
  }
});
