/** `doctor`: what it says about this machine is true. */
import { expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import type { Finding } from "../../src/doctor/finding.ts";
import { buncOnly, command, root } from "../harness/requirements.ts";
import type { CallOptions, Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

async function diagnose(box: Sandbox, options: CallOptions = {}) {
  const { status, stdout, stderr } = await box.call(["doctor", "--json"], options);
  expect(stderr).toBe("");
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  expect(status).toBe(ok ? 0 : 1);
  return { ok, of: (name: string) => findings.find((finding) => finding.name === name), findings };
}

scenario("doctor says whether a default container can run", [root, buncOnly], async (box) => {
  const { ok } = await diagnose(box);
  const { status } = await box.run(box.probe(["self"]));
  expect(status === 0).toBe(ok);
});

scenario("doctor: text for a person, all findings of the JSON", [root, buncOnly], async (box) => {
  const { findings } = await diagnose(box);
  const { stdout, stderr } = await box.must(["doctor"]);
  expect(stderr).toBe("");
  for (const { name, found } of findings) {
    expect(stdout).toContain(name);
    expect(stdout).toContain(found);
  }
  expect(existsSync(box.root)).toBe(false);
});

scenario(
  "doctor: every finding that is not ok says what it affects, and how to fix it",
  [buncOnly],
  async (box) => {
    const { findings } = await diagnose(box);
    for (const { name, verdict, without, fix } of findings) {
      const isOk = verdict === "ok";
      expect([name, without === "", fix === ""]).toEqual([name, isOk, isOk]);
    }
  },
);

scenario("doctor for an ordinary user", [root, buncOnly, command("setpriv")], async (box) => {
  const { of } = await diagnose(box, {
    wrapper: ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"],
  });
  expect(of("user")?.found).toStartWith("uid 1234");
  expect(of("XDG_RUNTIME_DIR")).toMatchObject({ verdict: "limited", found: "not set" });
  expect(of("subordinate ids")).toMatchObject({ verdict: "limited" });
});

scenario(
  "the error for a cgroup that cannot be made says what doctor finds about its parent",
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe(["self"], (config) => {
      config.linux.resources = { ...config.linux.resources, pids: { limit: 10 } };
    });
    const mounted = "umount -R /sys/fs/cgroup && mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup";
    const wrapper = ["unshare", "--mount", "sh", "-c", `${mounted} && exec "$0" "$@"`];
    const { status, stderr } = await box.call(["run", "--bundle", bundle.directory, box.id()], { wrapper });
    expect(status).toBe(1);
    expect(stderr).toContain("unable to apply cgroup configuration");
    expect(stderr).toContain(
      "doctor: writable: /sys/fs/cgroup is mounted read-only; to fix it: mount -o remount,rw",
    );
  },
);

scenario("doctor for root without capabilities", [root, buncOnly, command("setpriv")], async (box) => {
  const { ok, of } = await diagnose(box, {
    wrapper: ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"],
  });
  expect(ok).toBe(false);
  expect(of("CAP_SYS_ADMIN")).toMatchObject({ verdict: "missing" });
});

scenario(
  "doctor --engine reads what an ordinary user has configured",
  [root, buncOnly, command("setpriv")],
  async (box) => {
    // The runtime's own directory may be in root's home, closed to others.
    const mine = box.path("mine");
    copyFileSync(box.runtime.path, mine);
    const wrapper = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"];
    wrapper.push("sh", "-c", 'shift; exec "$0" "$@"', mine);
    const folder = box.path("config/containers/containers.conf.d");
    mkdirSync(folder, { recursive: true });
    const ask = async () => {
      const env = { XDG_CONFIG_HOME: box.path("config") };
      const { status, stdout } = await box.call(["doctor", "--engine", "podman", "--json"], { wrapper, env });
      return { status, ...(JSON.parse(stdout) as { ok: boolean; engine: string; findings: Finding[] }) };
    };
    expect(await ask()).toMatchObject({ status: 1, ok: false, engine: "podman" });
    const configured = `[engine]\nruntime = "mine"\n[engine.runtimes]\nmine = ["${mine}"]\n`;
    writeFileSync(`${folder}/mine.conf`, configured);
    const { status, findings } = await ask();
    expect(status).toBe(0);
    expect(findings.find(({ name }) => name === "runtime")).toMatchObject({ verdict: "ok" });
  },
);
