/** The command lines of real clients, exactly as they write them, and the parts of the output that they parse. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { buncOnly, notIn, root } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** containerd and BuildKit, through go-runc: global flags in this order. */
const goRunc = (box: Sandbox) => ["--root", box.root, "--log", box.path("log.json"), "--log-format", "json"];

/** Without the sandbox's --root, because the client passes one. */
const verbatim = { root: null };

scenario("go-runc: create, start, exec, kill, delete", [root], async (box) => {
  const globals = goRunc(box);
  const bundle = box.probe(["sleep"]);
  const id = box.id();
  const pidFile = box.path("init.pid");
  await box.must([...globals, "create", "--bundle", bundle.directory, "--pid-file", pidFile, id], verbatim);
  await box.must([...globals, "start", id], verbatim);
  const state = JSON.parse((await box.must([...globals, "state", id], verbatim)).stdout);
  expect(String(state.pid)).toBe(readFileSync(pidFile, "utf8"));

  const process = { user: { uid: 0, gid: 0 }, args: ["/probe", "exit:12"], env: ["PATH=/"], cwd: "/" };
  writeFileSync(box.path("process.json"), JSON.stringify(process));
  const exec = ["exec", "--process", box.path("process.json"), "--pid-file", box.path("exec.pid"), id];
  expect((await box.call([...globals, ...exec], verbatim)).status).toBe(12);
  expect(readFileSync(box.path("exec.pid"), "utf8")).toMatch(/^\d+$/);

  await box.must([...globals, "kill", id, "9"], verbatim);
  await box.waitFor(id, "stopped");
  const again = await box.call([...globals, "kill", "--all", id, "9"], verbatim);
  expect(again.status).toBe(0);
  await box.must([...globals, "delete", id], verbatim);
  expect(existsSync(`${box.root}/${id}`)).toBe(false);
});

scenario("go-runc: flags with = and with one dash", [root], async (box) => {
  const id = box.id();
  const bundle = box.probe(["exit:0"]);
  const args = [
    `--root=${box.root}`,
    "--rootless=false",
    "run",
    "-no-subreaper",
    "-bundle",
    bundle.directory,
    id,
  ];
  expect((await box.call(args, verbatim)).status).toBe(0);
});

scenario("conmon: create with a bundle, a pid file and systemd's flag left out", [root], async (box) => {
  const id = box.id();
  const bundle = box.probe(["sleep"]);
  const args = ["create", "--bundle", bundle.directory, "--pid-file", box.path("pidfile"), id];
  // Podman's environment: no HOME, no TERM.
  const env = { ...bareEnvironment, XDG_RUNTIME_DIR: box.directory };
  await box.must(args, { env });
  await box.must(["start", id], { env });
  await box.must(["kill", id, "15"], { env });
  await box.must(["delete", "--force", id], { env });
});

scenario(
  "BuildKit: run --keep in the foreground, then delete",
  [root, notIn("runc", "1.1.5 loses the state")],
  async (box) => {
    const id = box.id();
    await box.must(["run", "--bundle", box.probe(["exit:0"]).directory, "--keep", id]);
    await box.must(["delete", id]);
  },
);

scenario("the version that clients parse", [root], async (box) => {
  const lines = (await box.must(["--version"])).stdout.split("\n");
  expect(lines[0]).toMatch(/^runc version \d+\.\d+\.\d+/);
  expect(lines[1]).toMatch(/^commit: /);
  expect(lines[2]).toMatch(/^spec: \d+\.\d+\.\d+/);
  expect((await box.must(["-v"])).stdout).toBe(lines.join("\n"));
});

const verbs = [
  "create",
  "start",
  "run",
  "state",
  "kill",
  "delete",
  "exec",
  "list",
  "spec",
  "pause",
  "resume",
];

for (const verb of [...verbs, "ps", "events", "update", "checkpoint", "restore"]) {
  scenario(`${verb} --help ends with status 0 and names the command first`, [root], async (box) => {
    for (const flag of ["--help", "-h"]) {
      const { status, stdout } = await box.call([verb, flag]);
      expect(status).toBe(0);
      const [first, second] = stdout.split("\n");
      expect(first).toBe("NAME:");
      expect(second).toMatch(new RegExp(`^ +${box.runtime.name} ${verb} - `));
    }
  });
}

scenario("the help says runc when bunc is installed as runc", [root, buncOnly], async (box) => {
  mkdirSync(box.path("bin"));
  await Bun.$`ln -s ${box.runtime.path} ${box.path("bin/runc")}`.quiet();
  const { stdout } = Bun.spawnSync([box.path("bin/runc"), "create", "--help"]);
  expect(stdout.toString()).toMatch(/^NAME:\n +runc create - /);
});

scenario("help of everything", [root], async (box) => {
  const { status, stdout } = await box.call(["--help"]);
  expect(status).toBe(0);
  for (const verb of verbs) expect(stdout).toContain(verb);
});
