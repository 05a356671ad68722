/** A foreground process that a signal kills: the reason is shown on a terminal and in the log. */
import { expect } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { controller } from "../harness/cgroup-file.ts";
import type { Edit } from "../harness/config.ts";
import { onTerminal } from "../harness/consoles.ts";
import { buncOnly, cgroupV2, kernelLog, type Requirement, root, systemd } from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const needs = [root, buncOnly];
const LIMIT = 32 * 2 ** 20;
const limited: Edit = (config) => {
  config.linux.resources = { memory: { limit: LIMIT, swap: LIMIT } };
};
const MOUNT = process.arch === "arm64" ? 40 : 165;

/** Rule 0 allows, rule 1 kills. */
const killsMount =
  (action: string): Edit =>
  (config) => {
    config.linux["seccomp"] = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [
        { names: ["getpid"], action: "SCMP_ACT_ALLOW" },
        { names: ["umount2", "mount"], action },
      ],
    };
  };

/** The kernel logs processes that it kills because of seccomp, and the log is readable. */
const kernelTells: Requirement = () => {
  if (existsSync("/run/systemd/journal") && existsSync("/var/log/audit/audit.log"))
    return "auditd takes the records";
  return kernelLog();
};

/** The contents of the log file when the command has ended with `status`, and the text on a terminal. */
async function endingOf(box: Sandbox, args: string[], status: number) {
  const log = box.path("log.json");
  const quiet = await box.call(["--log", log, "--log-format", "json", ...args]);
  expect([quiet.status, quiet.stderr]).toEqual([status, ""]);
  const shown = await onTerminal(["env", "TERM=xterm", ...box.commandLine(args)]);
  expect(shown.status).toBe(status);
  const silent = await box.call(args);
  expect([silent.status, silent.stderr]).toEqual([status, ""]);
  const records = existsSync(log)
    ? readFileSync(log, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
    : [];
  return { records: records.map(({ level, msg }) => `${level}: ${msg}`), terminal: shown.output };
}

const ATTEMPTS = 3;
/** The kernel limits the rate of these log records, for all processes together (printk_ratelimit). */
const RATE_INTERVAL_MS = 5_000;

/** Like `endingOf`, for a process that the kernel's log mentions with `word`; repeated if the kernel dropped its record. */
async function loggedEndingOf(box: Sandbox, args: string[], status: number, word: string) {
  for (let attempt = 1; ; attempt++) {
    const ending = await endingOf(box, args, status);
    const { records, terminal } = ending;
    if (attempt === ATTEMPTS || [...records, terminal].every((text) => text.includes(word))) return ending;
    rmSync(box.path("log.json"), { force: true });
    await Bun.sleep(RATE_INTERVAL_MS);
  }
}

const refusalOf = (box: Sandbox, args: string[]) => loggedEndingOf(box, args, 159, "does not allow");

const byCgroupfs = { driver: "", flags: [], more: [controller("memory")] };
// systemd removes the cgroup in which the kernel has counted, but the kernel's log still has the kill.
const bySystemd = {
  driver: ", in a scope",
  flags: ["--systemd-cgroup"],
  more: [systemd, cgroupV2, kernelLog],
};

for (const { driver, flags, more } of [byCgroupfs, bySystemd]) {
  scenario(`run: memory ran out, with the limit${driver}`, [...needs, ...more], async (box) => {
    const bundle = box.probe(["eat:64"], limited);
    const args = [...flags, "run", "--bundle", bundle.directory, box.id()];
    const { records, terminal } = await loggedEndingOf(box, args, 137, "memory ran out");
    const text = `the container was ended by SIGKILL: the kernel killed 1 process in the container's cgroup because memory ran out, at its limit of ${LIMIT} bytes (32 MiB)`;
    expect(records).toEqual([`warning: ${text}`]);
    expect(terminal).toContain(`WARN ${text}`);
  });
}

scenario(
  "exec: memory ran out, and what ran out before is not reported again",
  [...needs, controller("memory")],
  async (box) => {
    const id = await box.started(box.probe(["sleep"], limited));
    const eat = ["exec", id, "/probe", "eat:64"];
    const { records } = await endingOf(box, eat, 137);
    expect(records).toEqual([
      expect.stringMatching(/^warning: the process was ended by SIGKILL: .* 1 process .*32 MiB/),
    ]);
    const kill = await endingOf(box, ["exec", id, "/probe", "raise:9"], 137);
    expect([kill.records.slice(1), kill.terminal]).toEqual([[], ""]);
  },
);

for (const action of ["SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS"]) {
  scenario(`run: ${action}, with the system call and the rule`, [...needs, kernelTells], async (box) => {
    const bundle = box.probe([`syscall:${MOUNT}`], killsMount(action));
    const { records, terminal } = await refusalOf(box, ["run", "--bundle", bundle.directory, box.id()]);
    const text = `the container was ended by SIGSYS: seccomp does not allow mount (linux.seccomp.syscalls[1]: ${action})`;
    expect(records).toEqual([`warning: ${text}`]);
    expect(terminal).toContain(text);
  });
}

scenario("exec: the same", [...needs, kernelTells], async (box) => {
  const id = await box.started(box.probe(["sleep"], killsMount("SCMP_ACT_KILL")));
  const { records } = await refusalOf(box, ["exec", id, "/probe", `syscall:${MOUNT}`]);
  expect(records).toEqual([
    "warning: the process was ended by SIGSYS: seccomp does not allow mount (linux.seccomp.syscalls[1]: SCMP_ACT_KILL)",
  ]);
});

scenario(
  "SCMP_ACT_TRAP is not logged by the kernel: the message names the rules that may have killed it",
  needs,
  async (box) => {
    const bundle = box.probe([`syscall:${MOUNT}`], killsMount("SCMP_ACT_TRAP"));
    const { records } = await endingOf(box, ["run", "--bundle", bundle.directory, box.id()], 159);
    expect(records).toEqual([
      "warning: the container was ended by SIGSYS; these parts of its seccomp profile kill a process: linux.seccomp.syscalls[1] (umount2, mount: SCMP_ACT_TRAP)",
    ]);
  },
);

for (const { name, action, edit, status } of [
  { name: "a signal that it sent itself", action: "raise:9", edit: limited, status: 137 },
  {
    name: "SIGSYS without a rule that sends it",
    action: "raise:31",
    edit: killsMount("SCMP_ACT_ERRNO"),
    status: 159,
  },
  { name: "an exit status above 128", action: "exit:137", edit: limited, status: 137 },
]) {
  scenario(`nothing is said of ${name}`, needs, async (box) => {
    const id = await box.started(box.probe(["sleep"], edit));
    const { records, terminal } = await endingOf(box, ["exec", id, "/probe", action], status);
    expect([records, terminal.includes("WARN")]).toEqual([[], false]);
  });
}
