/** A profile need only allow what the container's program needs, not what bunc-init does before it. */
import { expect } from "bun:test";
import type { Config } from "../harness/config.ts";
import { buncOnly, type Requirement, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

/** All calls that the probe needs to read a file, plus `execve` and, without no_new_privs, `capset` to start it. */
const needed = [
  "execve",
  "capset",
  "open",
  "openat",
  "fstat",
  "statx",
  "read",
  "close",
  "write",
  "exit_group",
];

function restrict(config: Config): void {
  config.linux["seccomp"] = {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [{ names: needed, action: "SCMP_ACT_ALLOW" }],
  };
}

const table: { uid: number; noNewPrivileges: boolean; effective: string }[] = [
  { uid: 0, noNewPrivileges: true, effective: "0000000020000420" },
  { uid: 0, noNewPrivileges: false, effective: "0000000020000420" },
  { uid: 1000, noNewPrivileges: true, effective: "0000000000000000" },
  { uid: 1000, noNewPrivileges: false, effective: "0000000000000000" },
];

for (const { uid, noNewPrivileges, effective } of table) {
  const name = `a profile of ${needed.length} system calls, uid ${uid}, noNewPrivileges ${noNewPrivileges}`;
  scenario(name, [root, buncOnly], async (box) => {
    const report = await box.report(["read:/proc/self/status"], (config) => {
      restrict(config);
      config.process.noNewPrivileges = noNewPrivileges;
      config.process.user = { uid, gid: uid };
    });
    expect(report.status("Seccomp")).toBe("2");
    expect(report.status("NoNewPrivs")).toBe(noNewPrivileges ? "1" : "0");
    // The privileges needed to install the filter have been dropped.
    expect(report.status("CapEff")).toBe(effective);
    expect(report.status("CapBnd")).toBe("0000000020000420");
  });
}

scenario("create, start and a failing execve under such a profile", [root, buncOnly], async (box) => {
  const bundle = box.probe(["exit:0"], restrict);
  const id = await box.started(bundle);
  await box.waitFor(id, "stopped");
  await Bun.write(`${bundle.rootfs}/rubbish`, "\0rubbish");
  Bun.spawnSync(["chmod", "755", `${bundle.rootfs}/rubbish`]);
  bundle.edit((config) => {
    config.process.args = ["/rubbish"];
  });
  const result = await box.run(bundle);
  expect(result.status).not.toBe(0);
  expect(result.stderr).toContain("exec /rubbish: exec format error");
});

const kernelLog: Requirement = () =>
  Bun.spawnSync(["dmesg"]).success ? null : "needs a kernel log that this process may read";

for (const [name, refused] of [
  ["exit_group", ["exit_group"]],
  ["exit_group and exit", ["exit_group", "exit"]],
  ["exit_group, exit, getpid and kill", ["exit_group", "exit", "getpid", "kill"]],
] as const) {
  for (const hook of [false, true]) {
    scenario(
      `bunc-init ends where the profile refuses ${name}${hook ? ", and the program of a hook" : ""}`,
      [root, buncOnly, kernelLog],
      async (box) => {
        const bundle = box.probe([], (config) => {
          config.process.args = ["/rubbish"];
          if (hook) config.hooks = { startContainer: [{ path: "/rubbish" }] };
          config.linux["seccomp"] = {
            defaultAction: "SCMP_ACT_ALLOW",
            syscalls: [{ names: refused, action: "SCMP_ACT_ERRNO" }],
          };
        });
        await Bun.write(`${bundle.rootfs}/rubbish`, "\0rubbish");
        Bun.spawnSync(["chmod", "755", `${bundle.rootfs}/rubbish`]);
        const id = await box.create(bundle);
        const { pid } = await box.state(id);
        const started = await box.call(["start", id]);
        expect(started.status).toBe(1);
        expect(started.stderr).toContain("exec format error");
        expect((await box.state(id)).status).toBe("stopped");
        // No instruction after the final call was executed.
        const log = Bun.spawnSync(["dmesg"]).stdout.toString();
        expect(log.split("\n").filter((line) => line.includes(`bunc-init[${pid}]: segfault`))).toEqual([]);
      },
    );
  }
}

for (const verb of ["start", "run --detach"]) {
  scenario(
    `${verb}: a profile that refuses bunc-init to say that it goes on`,
    [root, buncOnly],
    async (box) => {
      const bundle = box.probe(["sleep"], (config) => {
        // The filter is in place before the hooks.
        config.hooks = { startContainer: [{ path: "/probe", args: ["probe", "exit:0"] }] };
        config.linux["seccomp"] = {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [
            { names: ["sendmsg"], action: "SCMP_ACT_ERRNO" },
            // It accepts a write of one byte instead.
            { names: ["write"], action: "SCMP_ACT_ERRNO", args: [{ index: 2, value: 1, op: "SCMP_CMP_EQ" }] },
          ],
        };
      });
      const id = box.id();
      const bundled = ["--bundle", bundle.directory, id];
      if (verb === "start") await box.must(["create", ...bundled]);
      await box.must(verb === "start" ? ["start", id] : [...verb.split(" "), ...bundled]);
      expect((await box.state(id)).status).toBe("running");
    },
  );
}
