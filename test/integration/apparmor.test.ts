/** AppArmor profiles of containers. Runs where the kernel has AppArmor and its parser is installed (the clients guest). */
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { apparmor, withProfile } from "../harness/apparmor.ts";
import { root } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import { scenario } from "../harness/scenario.ts";

const needs = [root, apparmor];

/** The profile that confines the container's processes. */
const CURRENT = "/proc/self/attr/current";

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
