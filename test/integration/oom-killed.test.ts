/**
 * An init that is killed in a scope because its memory limit is too low: systemd removes the scope when its last process
 * exits, and with it the cgroup in which the kernel counts kills. The error still says so, with the limit.
 */
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { addUserNamespace, type Edit } from "../harness/config.ts";
import { buncOnly, cgroupV2, kernelLog, root, systemd } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

const LIMIT = 16384;
const WORDS = "container init was OOM-killed (memory limit too low?)";
/** The kernel limits the rate at which it logs kills, for all cgroups together (oom_kill_process, oom_rs). */
const RATE_INTERVAL_MS = 5_000;
const AGAIN_MAX = 2;

const ownLimit = `its cgroup reached the limit of ${LIMIT} bytes`;

const cases: { name: string; edit?: Edit; hint: string }[] = [
  { name: "in its scope", hint: ownLimit },
  { name: "in a user namespace", edit: (config) => addUserNamespace(config), hint: ownLimit },
  {
    name: "in a subgroup of the scope",
    edit: (config) => {
      config.annotations = { "run.oci.systemd.subgroup": "container" };
    },
    // It reached the scope's limit.
    hint: "",
  },
];

for (const { name, edit, hint } of cases) {
  scenario(`OOM-killed: ${name}`, [root, buncOnly, systemd, cgroupV2, kernelLog], async (box) => {
    const bundle = box.probe(["sleep"], (config) => {
      edit?.(config);
      config.linux.resources = { memory: { limit: LIMIT, swap: LIMIT } };
    });
    for (const verb of ["run", "create"]) {
      const id = box.id();
      const start = () => box.call(["--systemd-cgroup", verb, "--bundle", bundle.directory, id]);
      let { status, stderr } = await start();
      for (let again = 0; again < AGAIN_MAX && !stderr.includes(WORDS); again++) {
        await Bun.sleep(RATE_INTERVAL_MS);
        ({ status, stderr } = await start());
      }
      expect(status).toBe(1);
      expect(stderr).toContain(WORDS);
      expect(stderr).toContain(hint);
      expect(existsSync(`/sys/fs/cgroup/system.slice/runc-${id}.scope`)).toBe(false);
    }
  });
}
