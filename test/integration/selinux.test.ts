/** SELinux labels of containers. Runs where the kernel has SELinux with a policy (the selinux guest). */
import { expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Requirement, root } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import { scenario } from "../harness/scenario.ts";

/** Of confined virtual machines: Debian's policy has no types for containers. */
const LABEL = "system_u:system_r:svirt_t:s0:c1,c2";
const OTHER = "system_u:system_r:svirt_t:s0:c3,c4";
const FILE_LABEL = "system_u:object_r:svirt_image_t:s0:c1,c2";

/** Whether the policy knows the labels; selinuxfs takes none that it does not. */
const selinux: Requirement = () => {
  if (!existsSync("/sys/fs/selinux/context")) return "needs a kernel with SELinux";
  try {
    for (const label of [LABEL, OTHER, FILE_LABEL]) writeFileSync("/sys/fs/selinux/context", label);
    return null;
  } catch {
    return "needs an SELinux policy with svirt_t";
  }
};
const needs = [root, selinux];

/** The kernel ends the text with a zero. */
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
  const inside = await box.exec(id, [`read:${CURRENT}`], ["--process-label", OTHER]);
  expect(label(inside.read(CURRENT))).toBe(OTHER);
  await box.must(["delete", "--force", id]);
});

scenario("an SELinux label that the policy does not have is an error", needs, async (box) => {
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
  // The kernel quotes what has a comma.
  for (const path of ["/scratch", "/dev", "/dev/shm"]) {
    expect(options.get(path), path).toContain(`context="${FILE_LABEL}"`);
  }
});
