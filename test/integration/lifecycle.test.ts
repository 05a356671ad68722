import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { cgroupsOf, processesOf } from "../harness/leaks.ts";
import { buncOnly, notIn, root } from "../harness/requirements.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** In the order in which runc prints them. */
const stateKeys = ["ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "owner"];

scenario("create, start, kill, delete: the states in between", [root], async (box) => {
  const bundle = box.probe(["sleep"], (config) => {
    config.annotations = { "org.example.key": "value" };
  });
  const id = await box.create(bundle);
  const created = await box.state(id);
  expect(created).toMatchObject({
    id,
    status: "created",
    bundle: bundle.directory,
    rootfs: bundle.rootfs,
    annotations: { "org.example.key": "value" },
  });
  expect(created.pid).toBeGreaterThan(1);
  expect(created.created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  expect(created.ociVersion).toMatch(/^1\.\d+\.\d+/);

  await box.must(["start", id]);
  expect(await box.state(id)).toMatchObject({ status: "running", pid: created.pid });

  await box.must(["kill", id, "KILL"]);
  const stopped = await box.waitFor(id, "stopped");
  expect(stopped.pid).toBe(0);

  await box.must(["delete", id]);
  expect(existsSync(`${box.root}/${id}`)).toBe(false);
  const gone = await box.call(["state", id]);
  expect(gone.status).toBe(1);
  expect(gone.stderr).toContain("container does not exist");
});

scenario("state: keys in the order that clients print", [root], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  const { stdout, stderr } = await box.must(["state", id]);
  expect(Object.keys(JSON.parse(stdout))).toEqual(stateKeys);
  expect(stderr).toBe("");
});

scenario("nothing runs before start, and everything is ready", [root], async (box) => {
  const bundle = box.probe(["create:/ran=x", "sleep"], (config) => {
    config.root.readonly = false;
  });
  const id = await box.create(bundle);
  expect(existsSync(`${bundle.rootfs}/ran`)).toBe(false);
  const { pid } = await box.state(id);
  expect(readlinkSync(`/proc/${pid}/ns/pid`)).not.toBe(readlinkSync("/proc/self/ns/pid"));
  expect(readlinkSync(`/proc/${pid}/root`)).toBe("/");
  await box.must(["start", id]);
  await until("the process ran", () => existsSync(`${bundle.rootfs}/ran`) || undefined);
});

scenario("run --detach leaves a running container", [root], async (box) => {
  const id = box.id();
  await box.must(["run", "--detach", "--bundle", box.probe(["sleep"]).directory, id]);
  expect((await box.state(id)).status).toBe("running");
});

scenario("run in the foreground deletes the container", [root], async (box) => {
  const result = await box.run(box.probe([]));
  expect(result.status).toBe(0);
  expect(readdirSync(box.root)).toEqual([]);
});

scenario(
  "run --keep keeps it",
  [root, notIn("runc", "1.1.5 deletes the state of a container that has ended")],
  async (box) => {
    const id = box.id();
    await box.must(["run", "--keep", "--bundle", box.probe([]).directory, id]);
    expect((await box.state(id)).status).toBe("stopped");
    await box.must(["delete", id]);
  },
);

scenario("run forwards signals to the container", [root], async (box) => {
  const id = box.id();
  const bundle = box.probe(["wait-signal"]);
  const child = Bun.spawn(box.commandLine(["run", "--bundle", bundle.directory, id]), {
    stdout: "pipe",
    stdin: "ignore",
    stderr: "pipe",
  });
  const reader = child.stdout.getReader();
  let output = "";
  while (!output.includes("ready")) output += new TextDecoder().decode((await reader.read()).value);
  child.kill("SIGUSR1");
  // If a signal is not forwarded, this test must fail instead of blocking the others.
  const hung = setTimeout(() => child.kill("SIGKILL"), 15_000);
  while (true) {
    const { value, done } = await reader.read();
    if (done) break;
    output += new TextDecoder().decode(value);
  }
  expect(await child.exited).toBe(0);
  clearTimeout(hung);
  expect(output).toContain('"signal":10');
});

scenario("run ends with 128 + signal when the process is killed", [root], async (box) => {
  const id = box.id();
  const bundle = box.probe(["print", "sleep"]);
  const running = box.call(["run", "--bundle", bundle.directory, id]);
  await until("it runs", async () => {
    const state = await box.call(["state", id]);
    return (state.status === 0 && JSON.parse(state.stdout).status === "running") || undefined;
  });
  await box.must(["kill", id, "KILL"]);
  expect((await running).status).toBe(137);
});

const pidFileCommands: { name: string; args: string[] }[] = [
  { name: "create", args: ["create"] },
  { name: "run --detach", args: ["run", "--detach"] },
];

for (const { name, args } of pidFileCommands) {
  scenario(`${name} --pid-file: the pid in decimal, no newline`, [root], async (box) => {
    const id = box.id();
    const file = box.path("pid");
    await box.must([...args, "--pid-file", file, "--bundle", box.probe(["sleep"]).directory, id]);
    const text = readFileSync(file, "utf8");
    expect(text).toMatch(/^\d+$/);
    expect(Number(text)).toBe((await box.state(id)).pid);
  });
}

const signals: { name: string; argument: string; number: number }[] = [
  { name: "default", argument: "", number: 15 },
  { name: "short name", argument: "USR1", number: 10 },
  { name: "full name", argument: "SIGUSR2", number: 12 },
  { name: "lower case", argument: "hup", number: 1 },
  { name: "number", argument: "2", number: 2 },
  { name: "real-time number", argument: "40", number: 40 },
];

for (const { name, argument, number } of signals) {
  scenario(`kill with a signal by ${name}`, [root], async (box) => {
    const bundle = box.probe(["signal-file:/got"], (config) => {
      config.root.readonly = false;
    });
    const id = await box.started(bundle);
    const file = `${bundle.rootfs}/got`;
    await until("the process is ready", () => existsSync(file) || undefined);
    await box.must(["kill", id, ...(argument === "" ? [] : [argument])]);
    const got = await until("the signal arrives", () => readFileSync(file, "utf8") || undefined);
    expect(got).toBe(`${number}\n`);
  });
}

scenario("kill of a container that is only created", [root], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  await box.must(["kill", id, "KILL"]);
  await box.waitFor(id, "stopped");
});

scenario("kill of a stopped container: container not running", [root], async (box) => {
  const id = await box.started(box.probe(["exit:0"]));
  await box.waitFor(id, "stopped");
  const result = await box.call(["kill", id, "TERM"]);
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/container not running|process already finished/);
});

scenario("kill --all of a stopped container is no error", [root], async (box) => {
  const id = await box.started(box.probe(["exit:0"]));
  await box.waitFor(id, "stopped");
  expect((await box.call(["kill", "--all", id, "KILL"])).status).toBe(0);
});

scenario("kill --all reaches every process", [root], async (box) => {
  const id = await box.started(box.probe(["fork:5", "sleep"]));
  const cgroup = cgroupsOf(id)[0] as string;
  await until(
    "six processes",
    () => readFileSync(`${cgroup}/cgroup.procs`, "utf8").split("\n").length === 7 || undefined,
  );
  await box.must(["kill", "--all", id, "KILL"]);
  await box.waitFor(id, "stopped");
  await until("none left", () => readFileSync(`${cgroup}/cgroup.procs`, "utf8") === "" || undefined);
  expect(processesOf(id)).toEqual([]);
});

scenario("delete of a running container is refused, with --force done", [root], async (box) => {
  const id = await box.started(box.probe(["fork:3", "sleep"]));
  const refused = await box.call(["delete", id]);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("not stopped");
  expect((await box.state(id)).status).toBe("running");
  await box.must(["delete", "--force", id]);
  expect(cgroupsOf(id)).toEqual([]);
});

scenario("delete of a created container kills its init", [root], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  const { pid } = await box.state(id);
  await box.must(["delete", id]);
  await until("init is gone", () => !existsSync(`/proc/${pid}/exe`) || undefined);
});

scenario("delete --force of an unknown id is no error; without it is", [root], async (box) => {
  expect((await box.call(["delete", "--force", box.id()])).status).toBe(0);
  const result = await box.call(["delete", box.id()]);
  expect(result.status).toBe(1);
  expect(result.stderr).toContain("container does not exist");
});

scenario("a second start is refused", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const result = await box.call(["start", id]);
  expect(result.status).toBe(1);
  expect(result.stderr).toContain("cannot start an already running container");
});

scenario("start of a stopped container is refused", [root], async (box) => {
  const id = await box.started(box.probe(["exit:0"]));
  await box.waitFor(id, "stopped");
  const result = await box.call(["start", id]);
  expect(result.status).toBe(1);
  expect(result.stderr).toContain("cannot start a container that has stopped");
});

scenario("an id that exists is refused, and the container stays", [root], async (box) => {
  const bundle = box.probe(["sleep"]);
  const id = await box.started(bundle);
  const result = await box.call(["create", "--bundle", bundle.directory, id]);
  expect(result.status).toBe(1);
  expect(result.stderr).toContain("container with given ID already exists");
  expect((await box.state(id)).status).toBe("running");
});

scenario("list: table, json and quiet", [root], async (box) => {
  mkdirSync(box.root);
  expect((await box.must(["list"])).stdout).toMatch(/^ID +PID +STATUS +BUNDLE +CREATED +OWNER\n$/);
  expect((await box.must(["list", "--format", "json"])).stdout.trim()).toBe("null");
  expect((await box.must(["list", "-q"])).stdout).toBe("");
  const bundle = box.probe(["sleep"]);
  const first = await box.create(bundle);
  const second = await box.started(box.probe(["sleep"]));
  const table = (await box.must(["list"])).stdout.trimEnd().split("\n");
  expect(table.length).toBe(3);
  expect(table[1]).toContain(`${first}`);
  expect(table[1]).toMatch(/ created +/);
  expect(table[2]).toMatch(/ running +/);
  const json = JSON.parse((await box.must(["list", "-f", "json"])).stdout);
  expect(json.map((entry: { id: string }) => entry.id)).toEqual([first, second]);
  expect(Object.keys(json[0])).toEqual(stateKeys);
  expect((await box.must(["list", "-q"])).stdout).toBe(`${first}\n${second}\n`);
});

scenario("list of a state root that does not exist", [root], async (box) => {
  const result = await box.call(["list"], { root: box.path("never-made") });
  if (box.runtime.name === "runc") expect([0, 1]).toContain(result.status);
  else expect(result.status).toBe(1);
});

scenario("a process that ends leaves a stopped container", [root], async (box) => {
  const id = await box.started(box.probe(["exit:3"]));
  await box.waitFor(id, "stopped");
  await box.must(["delete", id]);
  expect(cgroupsOf(id)).toEqual([]);
});

scenario("a container whose init is killed from outside is stopped", [root], async (box) => {
  const id = await box.started(box.probe(["fork:2", "sleep"]));
  process.kill((await box.state(id)).pid, "SIGKILL");
  await box.waitFor(id, "stopped");
  await box.must(["delete", id]);
});

scenario("the state directory is closed to others", [root], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  expect(statSync(`${box.root}/${id}`).mode & 0o066).toBe(0);
  expect(existsSync(`${box.root}/${id}/state.json`)).toBe(true);
});

scenario("the keys of state.json that third parties read", [root], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  const state = JSON.parse(readFileSync(`${box.root}/${id}/state.json`, "utf8"));
  for (const key of [
    "id",
    "init_process_pid",
    "init_process_start",
    "created",
    "config",
    "cgroup_paths",
    "namespace_paths",
  ]) {
    expect(Object.keys(state)).toContain(key);
  }
  expect(state.init_process_pid).toBe((await box.state(id)).pid);
});

scenario("a reused pid is not taken for the container", [root, buncOnly], async (box) => {
  const id = await box.started(box.probe(["exit:0"]));
  await box.waitFor(id, "stopped");
  const path = `${box.root}/${id}/state.json`;
  const state = JSON.parse(readFileSync(path, "utf8"));
  const stranger = Bun.spawn(["sleep", "1000"]);
  await Bun.write(path, JSON.stringify({ ...state, init_process_pid: stranger.pid }));
  expect((await box.state(id)).status).toBe("stopped");
  await box.must(["delete", "--force", id]);
  expect(existsSync(`/proc/${stranger.pid}`)).toBe(true);
  stranger.kill();
});

scenario("a container with its own cgroup path", [root], async (box) => {
  const id = box.id();
  const bundle = box.probe(["sleep"], (config) => {
    config.linux.cgroupsPath = `/${id}-parent/leaf`;
  });
  await box.must(["run", "--detach", "--bundle", bundle.directory, id]);
  const { pid } = await box.state(id);
  expect(readFileSync(`/proc/${pid}/cgroup`, "utf8")).toContain(`/${id}-parent/leaf`);
  await box.must(["delete", "--force", id]);
  for (const path of cgroupsOf(`${id}-parent`)) await Bun.$`rmdir ${path}`.nothrow().quiet();
});

scenario("run, and delete --force from elsewhere: the status is the signal's", [root], async (box) => {
  const id = box.id();
  const running = box.call(["run", "--bundle", box.probe(["sleep"]).directory, id]);
  await until(`${id} runs`, async () => {
    const { status, stdout } = await box.call(["state", id]);
    return status === 0 && JSON.parse(stdout).status === "running";
  });
  await box.must(["delete", "--force", id]);
  expect((await running).status).toBe(137);
});
