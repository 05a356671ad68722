import { expect } from "bun:test";
import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { addCapabilities, addNamespace } from "../harness/config.ts";
import { buncOnly, notIn, root } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const netRaw = 13;

scenario("exec joins every namespace and the cgroup", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"], (config) => addNamespace(config, "cgroup")));
  const { pid } = await box.state(id);
  const report = await box.exec(id, ["namespaces", "self", "read:/proc/self/cgroup"]);
  for (const [type, link] of Object.entries(report.namespaces)) {
    expect([type, link]).toEqual([type, readlinkSync(`/proc/${pid}/ns/${type}`)]);
  }
  expect(report.self.pid).toBeGreaterThan(1);
  expect(report.self.hostname).toBe("container");
});

scenario(
  "exec has the container's defaults: environment, user, directory, capabilities",
  [root],
  async (box) => {
    const bundle = box.probe(["sleep"], (config) => {
      config.process.env = ["PATH=/", "FROM=config"];
      config.process.cwd = "/proc";
      config.process.user = { uid: 0, gid: 0, additionalGids: [9] };
    });
    const { self } = await box.exec(await box.started(bundle), ["self"]);
    expect(self.env).toContain("FROM=config");
    expect(self.cwd).toBe("/proc");
    expect(self.capabilities.effective).toEqual([5, 10, 29]);
    expect(self.noNewPrivileges).toBe(true);
    expect(self.blockedSignals).toEqual([]);
    expect(self.ignoredSignals).toEqual([]);
  },
);

scenario("exec --cwd, --env, --user", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const { self } = await box.exec(
    id,
    ["self"],
    [
      "--cwd",
      "/dev",
      "--env",
      "A=1",
      "--env",
      "B=two words",
      "--user",
      "1000:1001",
      "--additional-gids",
      "44",
    ],
  );
  expect(self.cwd).toBe("/dev");
  expect(self.env).toContain("A=1");
  expect(self.env).toContain("B=two words");
  expect(self.uids).toEqual([1000, 1000, 1000]);
  expect(self.gids).toEqual([1001, 1001, 1001]);
  // runc 1.3 names it twice.
  expect([...new Set(self.groups)]).toEqual([44]);
});

scenario(
  "exec --cap adds to bounding, effective and permitted; nothing is inheritable",
  [root],
  async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    const { self } = await box.exec(id, ["self"], ["--cap", "CAP_NET_RAW"]);
    for (const set of ["bounding", "effective", "permitted"] as const) {
      expect(self.capabilities[set]).toContain(netRaw);
    }
    expect(self.capabilities.inheritable).toEqual([]);
    expect(self.capabilities.ambient).toEqual([]);
  },
);

scenario("exec --no-new-privs", [root], async (box) => {
  const bundle = box.probe(["sleep"], (config) => {
    config.process.noNewPrivileges = false;
  });
  const id = await box.started(bundle);
  expect((await box.exec(id, ["self"])).self.noNewPrivileges).toBe(false);
  expect((await box.exec(id, ["self"], ["--no-new-privs"])).self.noNewPrivileges).toBe(true);
});

scenario("exec --process reads everything from a file", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const file = box.path("process.json");
  const description = {
    terminal: false,
    user: { uid: 5, gid: 6, additionalGids: [7], umask: 0o77 },
    args: ["/probe", "self"],
    env: ["ONLY=this"],
    cwd: "/sys",
    capabilities: { bounding: ["CAP_CHOWN"] },
    rlimits: [{ type: "RLIMIT_NOFILE", soft: 64, hard: 64 }],
    noNewPrivileges: true,
    oomScoreAdj: 100,
  };
  writeFileSync(file, JSON.stringify(description));
  const output = (await box.must(["exec", "--process", file, id])).stdout;
  const self = JSON.parse(output)[0];
  expect(self.uids).toEqual([5, 5, 5]);
  expect(self.gids).toEqual([6, 6, 6]);
  expect(self.groups).toEqual([7]);
  if (box.runtime.name !== "runc") expect(self.umask).toBe(0o77); // 1.1.5 takes the container's
  expect(self.cwd).toBe("/sys");
  expect(self.env.filter((entry: string) => !entry.startsWith("HOME="))).toEqual(["ONLY=this"]);
  expect(self.capabilities.bounding).toEqual([0]);
  expect(self.rlimits.NOFILE).toEqual({ soft: "64", hard: "64" });
});

const statuses: { action: string; status: number }[] = [
  { action: "exit:0", status: 0 },
  { action: "exit:7", status: 7 },
  { action: "exit:255", status: 255 },
];

for (const { action, status } of statuses) {
  scenario(`exec ends with the status of its process: ${action}`, [root], async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    expect((await box.call(["exec", id, "/probe", action])).status).toBe(status);
  });
}

scenario("exec of a process that a signal ends: 128 + signal", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  // The process is not pid 1, so the default disposition applies.
  expect((await box.call(["exec", id, "/probe", "raise:9"])).status).toBe(137);
  expect((await box.call(["exec", id, "/probe", "raise:15", "sleep"])).status).toBe(143);
});

scenario("exec --detach with a pid file", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const file = box.path("exec-pid");
  await box.must(["exec", "--detach", "--pid-file", file, id, "/probe", "sleep"]);
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/^\d+$/);
  expect(readlinkSync(`/proc/${text}/ns/pid`)).toBe(
    readlinkSync(`/proc/${(await box.state(id)).pid}/ns/pid`),
  );
});

scenario("options end at the first positional: the command's own flags reach it", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const { stdout } = await box.must(["exec", id, "/probe", "self", "--env", "-t", "--user", "x"]);
  expect(JSON.parse(stdout)[0].args).toEqual(["/probe", "self", "--env", "-t", "--user", "x"]);
});

scenario("standard input, output and error pass through", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const result = await box.must(["exec", id, "/probe", "say:to stderr", "echo"], {
    stdin: "through and through",
  });
  expect(result.stdout).toStartWith("through and through");
  expect(result.stderr).toBe("to stderr\n");
});

const failures: { name: string; args: string[]; text: RegExp }[] = [
  { name: "a missing executable", args: ["/no/such"], text: /no such file or directory/ },
  { name: "a missing command", args: ["no-such"], text: /executable file not found in \$PATH/ },
  { name: "a directory", args: ["/proc"], text: /permission denied|is a directory/ },
];

for (const { name, args, text } of failures) {
  scenario(`exec of ${name}: status 255, one line on stderr`, [root], async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    const result = await box.call(["exec", id, ...args]);
    expect(result.status).toBe(255);
    expect(result.stderr).toMatch(text);
    expect(result.stderr).toContain("exec failed");
    expect(result.stderr.trimEnd().split("\n").length).toBe(1);
    expect((await box.state(id)).status).toBe("running");
  });
}

scenario("exec in a stopped container", [root], async (box) => {
  const id = await box.started(box.probe(["exit:0"]));
  await box.waitFor(id, "stopped");
  const result = await box.call(["exec", id, "/probe"]);
  expect(result.status).toBe(255);
  expect(result.stderr).toMatch(
    /cannot exec in a stopped container|cannot exec a container that has stopped/,
  );
});

scenario("exec in an unknown container", [root], async (box) => {
  const result = await box.call(["exec", box.id(), "/probe"]);
  expect(result.status).toBe(255);
  expect(result.stderr).toContain("container does not exist");
});

scenario("exec in a container that is only created", [root], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  const report = await box.exec(id, ["self"]);
  expect(report.self.hostname).toBe("container");
});

const users: { value: string; accepted: number[] | null }[] = [
  { value: "1", accepted: [1, 0] },
  { value: "1:2", accepted: [1, 2] },
  { value: "abc", accepted: null },
  { value: "-1", accepted: null },
  { value: "1:", accepted: null },
  { value: ":2", accepted: null },
  { value: " 1", accepted: null },
  { value: "1abc", accepted: null },
  { value: "4294967296", accepted: null },
];

for (const { value, accepted } of users) {
  const strict = accepted === null && ["-1", "4294967296"].includes(value);
  const needs = strict ? [root, notIn("runc", "1.1.5 does not check the range")] : [root];
  scenario(`exec --user ${JSON.stringify(value)} never falls back to root`, needs, async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    const result = await box.call(["exec", "--user", value, id, "/probe", "self"]);
    if (accepted === null) {
      expect(result.status).not.toBe(0);
      // The output may contain the command's help, but no report of a process.
      expect(result.stdout).not.toContain('"uids"');
    } else {
      const self = JSON.parse(result.stdout)[0];
      expect([self.uids[0], self.gids[0]]).toEqual(accepted);
    }
  });
}

scenario(
  "a program that forks and exits does not keep exec waiting",
  [root, notIn("runc", "it copies the output through pipes and waits for their end")],
  async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    const result = await box.call(["exec", id, "/probe", "orphan", "exit:4"]);
    expect(result.status).toBe(4);
  },
);

scenario("processes of exec end with the container", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const file = box.path("pid");
  await box.must(["exec", "--detach", "--pid-file", file, id, "/probe", "sleep"]);
  await box.must(["delete", "--force", id]);
  const pid = readFileSync(file, "utf8");
  await until("the process of exec is gone", () => !existsSync(`/proc/${pid}/root/probe`) || undefined);
});

scenario("fifty at once", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, index) => box.call(["exec", id, "/probe", `exit:${index}`])),
  );
  expect(results.map((result) => result.status)).toEqual(Array.from({ length: 50 }, (_, index) => index));
});

scenario(
  "--ignore-paused gets into a paused container; without it refused",
  [root, buncOnly],
  async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    await box.must(["pause", id]);
    const refused = await box.call(["exec", id, "/probe", "exit:0"]);
    expect(refused.status).toBe(255);
    expect(refused.stderr).toContain("cannot exec in a paused container (use --ignore-paused to override)");
    await box.must(["resume", id]);
  },
);

/** Values that runc checks itself, and values that it leaves to its flag parser, which prints the usage. */
scenario("exec that cannot start ends with 255 and one line", [root, buncOnly], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const file = box.path("process.json");
  const failures: [words: string[], text: string][] = [
    [["--user", "abc", id, "/probe"], "bad uid"],
    [["--user", "1:x", id, "/probe"], "bad gid"],
    [["--user", "4294967295", id, "/probe"], "bad uid"],
    [["--additional-gids", "-1", id, "/probe"], "additional-gids must be a positive number -1"],
    [["--env", "NAME", id, "/probe"], "invalid environment variable: missing '='"],
    [["--env", "=x", id, "/probe"], "invalid environment variable: name cannot be empty"],
    [["--cwd", "below", id, "/probe"], "Cwd must be an absolute path"],
    [["--cwd", "/none", id, "/probe"], "chdir to cwd"],
    [["--preserve-fds", "-1", id, "/probe"], "preserve-fds"],
    [["--cgroup", ":", id, "/probe"], "invalid --cgroup argument"],
    [["--process", box.path("none.json"), id], "no such file or directory"],
    [["--process", file, id], "Cwd must be an absolute path"],
    [[id], "exec args cannot be empty"],
    [[id, "/none"], "no such file or directory"],
    [["../x", "/probe"], "invalid container ID format"],
    [[`${id}-none`, "/probe"], "container does not exist"],
  ];
  writeFileSync(file, '{"args":["/probe"],"cwd":"below","user":{"uid":0,"gid":0}}');
  for (const [words, text] of failures) {
    const { status, stdout, stderr } = await box.call(["exec", ...words]);
    const lines = stderr.trim().split("\n").length;
    const found = unquoted(stderr).includes(text) ? text : stderr;
    expect([words, status, stdout, lines, found]).toEqual([words, 255, "", 1, text]);
    expect(stderr).toContain("exec failed: ");
  }
  for (const words of [["--bogus", id, "/probe"], ["--user"], [], ["--preserve-fds", "x", id, "/probe"]]) {
    const { status, stdout } = await box.call(["exec", ...words]);
    expect([words, status, stdout.startsWith("Incorrect Usage.")]).toEqual([words, 1, true]);
  }
});

scenario("a malformed command line prints the usage, a bad value does not", [root, buncOnly], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const values: [words: string[], text: string][] = [
    [["update", "--memory", "1x", id], "1x"],
    [["update", "--cpu-share", "x", id], "cpu-share"],
    [["update", "--cpuset-cpus", "x", id], "cpuset-cpus"],
    [["update", "--blkio-weight", "5", id], "from 10 to 1000"],
    [["list", "--format", "x"], "invalid format option"],
    [["ps", "--format", "x", id], "invalid format option"],
    [["events", "--interval", "0", id], "duration interval must be greater than 0"],
    [["checkpoint", "--page-server", "x", id], "Use --page-server ADDRESS:PORT to specify page server"],
    [["--log-format", "x", "list"], "invalid log-format"],
    [["create", "../x"], "runc create failed: invalid container ID format"],
  ];
  for (const [words, text] of values) {
    const { status, stdout, stderr } = await box.call(words);
    const found = unquoted(stderr).includes(text) ? text : stderr;
    const lines = stderr.trim().split("\n").length;
    expect([words, status, stdout, lines, found]).toEqual([words, 1, "", 1, text]);
  }
  for (const words of [["events", "--interval", "x", id], ["update", "--pids-limit", "x", id], ["pause"]]) {
    const { status, stdout } = await box.call(words);
    expect([words, status, stdout.startsWith("Incorrect Usage.")]).toEqual([words, 1, true]);
  }
});

scenario("an unknown capability is a warning", [root, notIn("runc", "1.1.5 refuses it")], async (box) => {
  const id = box.id();
  const withUnknown = box.probe(["sleep"], (config) => addCapabilities(config, "CAP_NO_SUCH"));
  const { stderr } = await box.must(["run", "--detach", "--bundle", withUnknown.directory, id]);
  expect(stderr).toContain("ignoring unknown or unavailable capabilities: [CAP_NO_SUCH]");
  const file = box.path("process.json");
  const capabilities = { bounding: ["CAP_NO_SUCH"] };
  writeFileSync(file, JSON.stringify({ args: ["/probe"], cwd: "/", user: { uid: 0, gid: 0 }, capabilities }));
  for (const [words, name] of [
    [["--cap", "CAP_NEVER", id, "/probe"], "CAP_NEVER"],
    [["--process", file, id], "CAP_NO_SUCH"],
  ] as const) {
    const result = await box.must(["exec", ...words]);
    expect(result.stderr).toContain(`ignoring unknown or unavailable capabilities: [`);
    expect(result.stderr).toContain(name);
  }
});
