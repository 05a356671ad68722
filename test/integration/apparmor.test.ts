/** AppArmor profiles of containers. Runs where the kernel has AppArmor and its parser is installed (the clients guest). */
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { command, type Requirement, root } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const apparmor: Requirement = () => {
  try {
    if (readFileSync("/sys/module/apparmor/parameters/enabled", "utf8") === "Y\n") return null;
  } catch {}
  return "needs a kernel with AppArmor";
};
const needs = [root, apparmor, command("apparmor_parser")];

/** What the container's processes are confined by. */
const CURRENT = "/proc/self/attr/current";

/** Loads a profile that allows everything but to read /denied. → its name, to be used in `body`. */
async function withProfile(box: Sandbox, kind: string, body: (name: string) => Promise<void>): Promise<void> {
  const name = `${box.name}-${kind}`;
  const allowed = "file, capability, network, mount, umount, pivot_root, signal, ptrace, unix, dbus,";
  const path = box.path(`${kind}.profile`);
  writeFileSync(path, `profile ${name} flags=(attach_disconnected) { ${allowed} deny /denied r, }\n`);
  const load = (flag: string) => Bun.spawnSync(["apparmor_parser", "--skip-cache", flag, path]);
  const loaded = load("--replace");
  if (!loaded.success) throw new Error(loaded.stderr.toString());
  try {
    await body(name);
  } finally {
    load("--remove");
  }
}

scenario("the container's processes are under its AppArmor profile", needs, async (box) => {
  await withProfile(box, "one", async (profile) => {
    const bundle = box.probe(["sleep"], (config) => {
      config.process["apparmorProfile"] = profile;
    });
    writeFileSync(`${bundle.rootfs}/denied`, "");
    const id = await box.started(bundle);
    const { pid } = await box.state(id);
    expect(readFileSync(`/proc/${pid}/attr/current`, "utf8")).toBe(`${profile} (enforce)\n`);
    const inside = await box.exec(id, [`read:${CURRENT}`, "read:/denied"]);
    expect(inside.read(CURRENT)).toBe(`${profile} (enforce)\n`);
    expect(inside.errno("read:/denied")).toBe("EACCES");
    await box.must(["delete", "--force", id]);
  });
});

scenario("exec --apparmor takes another profile", needs, async (box) => {
  await withProfile(box, "one", async (profile) => {
    await withProfile(box, "two", async (other) => {
      const id = await box.started(
        box.probe(["sleep"], (config) => {
          config.process["apparmorProfile"] = profile;
        }),
      );
      const inside = await box.exec(id, [`read:${CURRENT}`], ["--apparmor", other]);
      expect(inside.read(CURRENT)).toBe(`${other} (enforce)\n`);
      await box.must(["delete", "--force", id]);
    });
  });
});

scenario("an AppArmor profile that is not loaded is an error", needs, async (box) => {
  const bundle = box.probe(["exit:0"], (config) => {
    config.process["apparmorProfile"] = `${box.name}-unknown`;
  });
  const { status, stderr } = await box.call(["run", "--bundle", bundle.directory, box.id()]);
  expect(status).toBe(1);
  expect(unquoted(stderr)).toMatch(/unable to apply apparmor profile: .*no such file or directory/);
});

scenario("unconfined: no profile", needs, async (box) => {
  const report = await box.report([`read:${CURRENT}`], (config) => {
    config.process["apparmorProfile"] = "unconfined";
  });
  expect(report.read(CURRENT)).toBe("unconfined\n");
});
