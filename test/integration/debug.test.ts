/** `--debug`: a trace of what a command did, on standard error or in the log. */

import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { buncOnly, root } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

interface LogRecord {
  level: string;
  msg: string;
  by?: string;
  subject?: string;
  duration?: string;
}

/** Runs a command with --debug and a JSON log. → its records of level debug. */
async function account(box: Sandbox, args: string[], status = 0): Promise<LogRecord[]> {
  const log = box.path("account.json");
  const before = existsSync(log) ? readFileSync(log, "utf8").length : 0;
  const result = await box.call(["--debug", "--log", log, "--log-format", "json", ...args]);
  expect(result.status).toBe(status);
  expect(result.stderr).not.toContain("level=debug");
  const records = readFileSync(log, "utf8")
    .slice(before)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as LogRecord);
  return records.filter(({ level }) => level === "debug");
}

const messages = (records: readonly LogRecord[]) => records.map(({ msg }) => msg);

scenario(
  "--debug logs every step of run with its duration, on standard error",
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe(["exit:3"]);
    const result = await box.run(bundle, [], {});
    expect(result.stderr).toBe("");
    const debugged = await box.call(["--debug", "run", "--bundle", bundle.directory, box.id()]);
    expect(debugged.status).toBe(3);
    const lines = debugged.stderr.trimEnd().split("\n");
    for (const line of lines) expect(line).toMatch(/^time="[^"]+" level=debug msg=/);
    expect(debugged.stderr).toContain("subject=mounts[0]".replace("mounts[0]", '"mounts[0]"'));
    expect(debugged.stderr).toMatch(/msg="mount proc on \/proc" by=bunc-init duration=[0-9.]+ms/);
  },
);

scenario(
  "the account names each step of the plan and its place in config.json",
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe([], (config) => {
      config.hooks = {
        createRuntime: [{ path: "/bin/true" }],
        createContainer: [{ path: "/bin/true" }],
        startContainer: [{ path: "/probe", args: ["probe"] }],
      };
    });
    const records = await account(box, ["run", "--bundle", bundle.directory, box.id()]);
    for (const record of records.slice(1)) expect(record.duration).toMatch(/^[0-9]+\.[0-9]{3}ms$/);
    const subjects = records.flatMap(({ by, subject }) => (by === "bunc-init" ? [subject ?? ""] : []));
    const config = bundle.config;
    for (const index of config.mounts.keys()) expect(subjects).toContain(`mounts[${index}]`);
    for (const subject of [
      "root.path",
      "hostname",
      "hooks.createContainer",
      "hooks.startContainer",
      "process.user",
    ]) {
      expect(subjects).toContain(subject);
    }
    expect(messages(records)).toContain("run hook /bin/true (hooks.createRuntime[0])");
    expect(messages(records).at(-1)).toBe("run: exit status 0");
  },
);

scenario(
  "every verb logs its steps; create and start share those of bunc-init",
  [root, buncOnly],
  async (box) => {
    const id = box.id();
    const bundle = box.probe(["sleep"]);
    const create = messages(await account(box, ["create", "--bundle", bundle.directory, id]));
    expect(create[0]).toBe(`create ${id}`);
    expect(create).toContain("pivot root");
    expect(create).toContain("program found: /probe");
    expect(create.join("\n")).not.toContain("execve");
    const start = messages(await account(box, ["start", id]));
    expect(start).toContain("init: closing the pipe to signal completion, execve /probe");
    const exec = messages(await account(box, ["exec", id, "/probe", "self"]));
    expect(exec).toContain("setns_init: about to exec /probe");
    expect(exec).toContain("namespaces joined and made");
    for (const verb of [
      ["state", id],
      ["ps", id],
      ["pause", id],
      ["resume", id],
      ["delete", "--force", id],
      ["list"],
    ]) {
      const told = messages(await account(box, verb));
      expect(told.at(-1)).toBe(`${verb[0]}: exit status 0`);
    }
  },
);

scenario(
  "a created container that is not traced can be started with --debug, and the reverse",
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe([]);
    const quiet = await box.create(bundle);
    expect(messages(await account(box, ["start", quiet])).join("\n")).toContain("execve /probe");
    const id = box.id();
    await account(box, ["create", "--bundle", bundle.directory, id]);
    expect((await box.must(["start", id])).stderr).toBe("");
  },
);

scenario("the trace of a failure ends where it failed", [root, buncOnly], async (box) => {
  const bundle = box.probe([], (config) => {
    config.mounts.push({ destination: "/x", type: "nonsense", source: "x" });
  });
  const records = await account(box, ["run", "--bundle", bundle.directory, box.id()], 1);
  const told = messages(records);
  expect(told).toContain("mount proc on /proc");
  expect(told).not.toContain("mount nonsense on /x");
  expect(told).not.toContain("pivot root");
  expect(told.filter((message) => message.startsWith("proceed")).map(unquoted)).toEqual([
    expect.stringMatching(/^proceed: .+/),
  ]);
  expect(told.at(-1)).toBe("run: failed");
});

scenario("phrases that the tests of runc look for", [root, buncOnly], async (box) => {
  const bundle = box.probe(["sleep"], (config) => {
    config.linux["seccomp"] = {
      defaultAction: "SCMP_ACT_ALLOW",
      flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"],
      syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO" }],
    };
  });
  const id = box.id();
  const run = messages(await account(box, ["run", "--detach", "--bundle", bundle.directory, id])).join("\n");
  expect(run).toMatch(/^nsexec container setup: affinity: 0x[0-9a-f]+$/m);
  expect(run).toContain("child process in init()");
  expect(run).toContain("init: closing the pipe to signal completion");
  // TSYNC has no effect in a process with one thread, and is not passed.
  expect(run).toMatch(/^seccomp filter flags: 2$/m);
  const exec = messages(await account(box, ["exec", id, "/probe"])).join("\n");
  expect(exec).toMatch(/^nsexec container setup: affinity: 0x[0-9a-f]+$/m);
  expect(exec).toContain("setns_init: about to exec");
});

scenario("--debug exec logs the CPUs of execCPUAffinity.initial", [root, buncOnly], async (box) => {
  const id = await box.started(
    box.probe(["sleep"], (config) => {
      config.process["execCPUAffinity"] = { initial: "0" };
    }),
  );
  const exec = messages(await account(box, ["exec", id, "/probe"]));
  expect(exec).toContain("nsexec container setup: affinity: 0x1");
});
