/** Containers with a frozen cgroup, and containers in the host's pid namespace, whose processes outlive their init. */

import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { cgroupsOf } from "../harness/leaks.ts";
import { buncOnly, notIn, root } from "../harness/requirements.ts";
import { type Bundle, type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** In the pid namespace of the host. */
const hostPids = (box: Sandbox): Bundle =>
  box.probe(["sleep"], (config) => {
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "pid");
  });

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // The process exited before the file was opened, or after.
    return false;
  }
}

/** A container with a second process. → its id, and the pids of both. */
async function withTwo(box: Sandbox): Promise<{ id: string; init: number; other: number }> {
  const id = await box.started(hostPids(box));
  const file = box.path("pid");
  await box.must(["exec", "--detach", "--pid-file", file, id, "/probe", "sleep"]);
  return { id, init: (await box.state(id)).pid, other: Number(readFileSync(file, "utf8")) };
}

async function isGone(pid: number): Promise<void> {
  await until(`${pid} has ended`, () => !isAlive(pid) || undefined);
}

for (const paused of [false, true]) {
  const state = paused ? "paused" : "running";
  // On cgroup v1 runc leaves the processes of a paused container frozen, and gives up.
  const needs = paused ? [root, buncOnly] : [root];
  scenario(
    `kill KILL ends every process of a ${state} container in the host's pid namespace`,
    [...needs, notIn("runc", "1.1.5 ends the init only")],
    async (box) => {
      const { id, init, other } = await withTwo(box);
      if (paused) await box.must(["pause", id]);
      await box.must(["kill", id, "KILL"]);
      await isGone(init);
      await isGone(other);
      await box.waitFor(id, "stopped");
      await box.must(["delete", id]);
    },
  );

  scenario(`delete --force does, of a ${state} one`, needs, async (box) => {
    const { id, init, other } = await withTwo(box);
    if (paused) await box.must(["pause", id]);
    await box.must(["delete", "--force", id]);
    await isGone(init);
    await isGone(other);
    expect((await box.call(["state", id])).status).toBe(1);
  });
}

for (const flags of [[], ["--force"]]) {
  scenario(`delete ${flags.join("")} ends the processes that outlived their init`, [root], async (box) => {
    const { id, init, other } = await withTwo(box);
    process.kill(init, "SIGKILL");
    await isGone(init);
    expect(isAlive(other)).toBe(true);
    await box.must(["delete", ...flags, id]);
    await isGone(other);
  });
}

const noInit = [root, notIn("runc", "1.1.5 sends nothing where there is no init")];
scenario("kill KILL does so too; other signals fail without an init", noInit, async (box) => {
  const { id, init, other } = await withTwo(box);
  process.kill(init, "SIGKILL");
  await isGone(init);
  const refused = await box.call(["kill", id, "TERM"]);
  expect(refused.stderr).toContain("container not running");
  await box.must(["kill", id, "KILL"]);
  await isGone(other);
});

scenario(
  "processes that were paused when their init was killed are ended by delete",
  // runc considers such a container paused, and refuses.
  [root, buncOnly],
  async (box) => {
    const { id, init, other } = await withTwo(box);
    await box.must(["pause", id]);
    process.kill(init, "SIGKILL");
    await box.must(["delete", "--force", id]);
    await isGone(init);
    await isGone(other);
  },
);

scenario("a created container that is paused: its status, start, delete", [root], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  await box.must(["pause", id]);
  expect((await box.state(id)).status).toBe("paused");
  expect((await box.call(["start", id])).status).toBe(1);
  expect((await box.call(["delete", id])).stderr).toContain("is not stopped: paused");
  await box.must(["resume", id]);
  expect((await box.state(id)).status).toBe("created");
  await box.must(["pause", id]);
  await box.must(["delete", "--force", id]);
});

scenario("exec --ignore-paused begins when the container is resumed", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  await box.must(["pause", id]);
  const exec = box.call(["exec", "--ignore-paused", id, "/probe", "exit:5"]);
  await box.must(["resume", id]);
  expect((await exec).status).toBe(5);
});

/** The cgroup of a container with cgroupsPath "/name", in the hierarchy with the freezer; "" if there is none. */
async function freezerParent(box: Sandbox): Promise<string> {
  // Containers without a cgroupsPath may be elsewhere.
  const bundle = box.probe(["sleep"], (config) => {
    config.linux["cgroupsPath"] = `/${box.name}-template`;
  });
  await box.create(bundle);
  const own = cgroupsOf(`${box.name}-template`).find(
    (directory) => existsSync(`${directory}/freezer.state`) || existsSync(`${directory}/cgroup.freeze`),
  );
  return own === undefined ? "" : own.slice(0, own.lastIndexOf("/"));
}

/** Makes a frozen cgroup without processes for `work`, if there is a hierarchy for it. */
async function withFrozen(
  box: Sandbox,
  work: (frozen: { name: string; directory: string; isStill: () => void }) => Promise<void>,
): Promise<void> {
  const parent = await freezerParent(box);
  if (parent === "") return;
  const name = `${box.name}-frozen`;
  const directory = `${parent}/${name}`;
  mkdirSync(directory);
  const isV1 = existsSync(`${directory}/freezer.state`);
  const [file, state] = isV1 ? ["freezer.state", "FROZEN"] : ["cgroup.freeze", "1"];
  writeFileSync(`${directory}/${file}`, state);
  const isStill = () => expect(readFileSync(`${directory}/${file}`, "utf8").trim()).toBe(state);
  await work({ name, directory, isStill });
  rmdirSync(directory);
}

/** Checks the errors of create and run for a container with this cgroupsPath. */
async function refusals(box: Sandbox, cgroupsPath: string): Promise<string[]> {
  const bundle = box.probe([], (config) => {
    config.linux["cgroupsPath"] = cgroupsPath;
  });
  const said: string[] = [];
  for (const verb of ["create", "run"]) {
    const result = await box.call([verb, "--bundle", bundle.directory, box.id()]);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("container's cgroup unexpectedly frozen");
    said.push(result.stderr);
  }
  return said;
}

// On cgroup v1 runc waits forever for its frozen process.
scenario(
  "a frozen cgroup is refused by create and run, and stays frozen and there",
  [root, buncOnly],
  (box) =>
    withFrozen(box, async ({ name, isStill }) => {
      await refusals(box, `/${name}`);
      isStill();
    }),
);

// runc waits until the cgroup is thawed.
scenario("a cgroup below a frozen one is refused, and not made", [root, buncOnly], (box) =>
  withFrozen(box, async ({ name, directory, isStill }) => {
    for (const said of await refusals(box, `/${name}/a/b`)) expect(said).toContain(`thaw ${directory} first`);
    expect(existsSync(`${directory}/a`)).toBe(false);
    isStill();
  }),
);
