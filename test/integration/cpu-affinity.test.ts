/** The CPUs on which a container's processes run. sched_setaffinity(2), cpuset(7). */

import { expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cgroupsOf } from "../harness/leaks.ts";
import {
  buncOnly,
  cgroupV1,
  command,
  kernelIsAtLeast,
  notIn,
  type Requirement,
  root,
} from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** CPUs of this process, from a list such as "0-3,7". */
const cpus = cpuList(/^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
const [first = 0, second = 0] = cpus;
const severalCpus: Requirement = () => (cpus.length > 1 ? null : "needs two CPUs");
const pinned = { wrapper: ["taskset", "-c", String(first)] };
const resets = notIn("runc", "1.1.5 hands the caller's CPUs on");

function cpuList(text = ""): number[] {
  return text.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** Runs in the foreground, with a caller that is pinned to the first CPU. */
async function execPinned(box: Sandbox, id: string, process: object = {}): Promise<number[]> {
  const file = box.path("process.json");
  writeFileSync(
    file,
    JSON.stringify({ user: { uid: 0, gid: 0 }, args: ["/probe", "self"], cwd: "/", env: [], ...process }),
  );
  const { stdout } = await box.must(["exec", "--process", file, id], pinned);
  return JSON.parse(stdout)[0].affinity;
}

scenario(
  "the CPUs of a pinned caller are not handed on, by run and exec",
  [root, severalCpus, command("taskset"), resets],
  async (box) => {
    const report = await box.reportOf(box.probe(["self"]), [], pinned);
    expect(report.self.affinity).toEqual(cpus);
    const id = box.id();
    const bundle = box.probe(["sleep"]);
    await box.must(["run", "--detach", "--bundle", bundle.directory, id], pinned);
    expect(await execPinned(box, id)).toEqual(cpus);
  },
);

scenario(
  "what the cpuset of the container allows is what its processes get, also beside the caller's CPUs",
  [root, severalCpus, command("taskset"), cgroupV1, resets],
  async (box) => {
    for (const own of [[first, second], [second]]) {
      const bundle = box.probe(["sleep"], (config) => {
        config.linux.resources = { cpu: { cpus: own.join(","), mems: "0" } };
      });
      const id = box.id();
      await box.must(["run", "--detach", "--bundle", bundle.directory, id], pinned);
      const status = readFileSync(`/proc/${(await box.state(id)).pid}/status`, "utf8");
      expect(cpuList(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1])).toEqual(own);
      expect(await execPinned(box, id)).toEqual(own);
    }
  },
);

scenario(
  "execCPUAffinity: an exec begins on the CPUs of initial, and runs on those of final",
  [root, severalCpus, command("taskset"), resets],
  async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    const exec = (execCPUAffinity: object) => execPinned(box, id, { execCPUAffinity });
    expect(await exec({ final: String(second) })).toEqual([second]);
    expect(await exec({ initial: String(first), final: `${first}-${second}` })).toEqual([first, second]);
    // Without `final` bunc does not change them again; before 6.2 the kernel did when a process entered a cgroup v2 cpuset.
    const entersCpuset = cgroupsOf(id).some((path) => existsSync(`${path}/cpuset.cpus.effective`));
    const reset = entersCpuset && !kernelIsAtLeast(6, 2);
    expect(await exec({ initial: String(second) })).toEqual(reset ? cpus : [second]);
    expect(await exec({})).toEqual(cpus);
  },
);

scenario(
  "the CPUs of config.json's execCPUAffinity are those of exec, not of init",
  [root, severalCpus, command("taskset"), resets],
  async (box) => {
    const bundle = box.probe(["sleep"], (config) => {
      config.process["execCPUAffinity"] = { initial: String(first), final: String(second) };
    });
    const id = await box.started(bundle);
    const status = readFileSync(`/proc/${(await box.state(id)).pid}/status`, "utf8");
    expect(cpuList(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1])).toEqual(cpus);
    expect((await box.exec(id, ["self"])).self.affinity).toEqual([second]);
  },
);

scenario(
  "CPUs that do not exist are refused, and the error names initial or final",
  [root, buncOnly],
  async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    for (const [member, words] of [
      ["initial", "error setting initial CPU affinity"],
      ["final", "error setting final CPU affinity"],
    ] as const) {
      const file = box.path("process.json");
      const process = { user: {}, args: ["/probe"], cwd: "/", execCPUAffinity: { [member]: "8000" } };
      writeFileSync(file, JSON.stringify(process));
      const result = await box.call(["exec", "--process", file, id]);
      expect(result.status).toBe(255);
      expect(result.stderr).toContain(words);
    }
  },
);

scenario(
  "SCHED_DEADLINE in a container with CPUs of its own is refused in runc's words",
  [root, severalCpus, cgroupV1, resets],
  async (box) => {
    const bundle = box.probe([], (config) => {
      config.linux.resources = { cpu: { cpus: String(first), mems: "0" } };
      config.process["scheduler"] = {
        policy: "SCHED_DEADLINE",
        runtime: 42_000,
        deadline: 1_000_000,
        period: 1_000_000,
      };
    });
    const result = await box.run(bundle);
    expect(result.status).toBe(1);
    expect(unquoted(result.stderr)).toContain("process scheduler can't be used together with AllowedCPUs");
  },
);
