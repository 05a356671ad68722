/** `validate`: all errors that create would report for a document, independent of the machine. */
import { expect } from "bun:test";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { buncOnly, command, root } from "../harness/requirements.ts";
import { runtime } from "../harness/runtime.ts";
import { scenario } from "../harness/scenario.ts";

const MISTAKES = '{"ociVersion":"1.0.0",\n"root":{"path":""},\n"process":{"args":[],"cwd":"/","argz":1}}';

scenario("validate: every finding in the form of compilers, and exit status 1", [buncOnly], async (box) => {
  writeFileSync(box.path("config.json"), MISTAKES);
  const { status, stdout, stderr } = await box.call(["validate"], { cwd: box.path() });
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toStartWith('config.json:2:16: error: root.path: found ""');
  expect(lines[1]).toStartWith("config.json:3:19: error: process.args: args must not be empty");
  expect(lines[2]).toStartWith('config.json:3:39: warning: process.argz: ignoring unknown member "argz"');
  expect(lines[3]).toBe("config.json: 2 errors, 1 warning");
});

scenario("validate --json, from standard input", [buncOnly], async (box) => {
  const { status, stdout } = await box.call(["validate", "--json", "-"], { stdin: MISTAKES });
  expect(status).toBe(1);
  const { ok, kind, errors, warnings } = JSON.parse(stdout);
  expect({ ok, kind }).toEqual({ ok: false, kind: "config" });
  expect(errors[0]).toMatchObject({ path: "root.path", line: 2, column: 16, found: '""' });
  expect(warnings[0]).toMatchObject({ path: "process.argz", line: 3, column: 39 });
});

scenario("validate: what spec writes has no findings; a directory is a bundle", [buncOnly], async (box) => {
  mkdirSync(box.path("bundle"));
  await box.must(["spec", "--bundle", box.path("bundle"), "--seccomp", "default"]);
  const { stdout } = await box.must(["validate", box.path("bundle")]);
  expect(stdout).toEndWith("config.json: no errors, no warnings\n");
});

scenario("validate: what create refuses in the document, it refuses too", [root, buncOnly], async (box) => {
  const bundle = box.probe(["self"], (config) => {
    config.mounts.push({ destination: "/proc/x", type: "tmpfs", source: "t" });
    config.linux.sysctl = { "vm.swappiness": "1" };
  });
  const created = await box.call(["create", "--bundle", bundle.directory, box.id()]);
  const validated = await box.call(["validate", bundle.directory]);
  expect([created.status, validated.status]).toEqual([1, 1]);
  for (const sentence of [
    "cannot be mounted because it is inside /proc",
    "is not in a separate kernel namespace",
  ]) {
    expect(created.stderr).toContain(sentence);
    expect(validated.stdout).toContain(sentence);
  }
});

scenario("validate without /proc", [root, buncOnly], async (box) => {
  const directory = box.path("empty");
  mkdirSync(directory);
  copyFileSync(runtime.path, `${directory}/bunc`);
  writeFileSync(`${directory}/config.json`, (await box.must(["spec", "-"])).stdout);
  const child = Bun.spawnSync(["/usr/sbin/chroot", directory, "/bunc", "validate"], { env: {} });
  expect(child.stderr.toString()).toBe("");
  expect(child.stdout.toString()).toBe("config.json: no errors, no warnings\n");
  expect(child.exitCode).toBe(0);
});

scenario("validate without rights", [root, buncOnly, command("setpriv")], async (box) => {
  const stdin = (await box.must(["spec", "-"])).stdout;
  const wrapper = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"];
  const { stdout } = await box.must(["validate", "-"], { wrapper, stdin });
  expect(stdout).toBe("standard input: no errors, no warnings\n");
});
