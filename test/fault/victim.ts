/** A command that is disturbed, and the checks that must hold afterwards, whatever happened to it. */
import { expect } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { leaksOf } from "../harness/leaks.ts";
import { probePath } from "../harness/probe.ts";
import { type Bundle, type Sandbox, until } from "../harness/sandbox.ts";

export interface Victim {
  readonly verb: string;
  /** Brings the container into the state that the verb needs. */
  readonly prepare: (box: Sandbox, bundle: Bundle, id: string) => Promise<void>;
  readonly args: (bundle: Bundle, id: string) => string[];
  /** The container's process; default: one that runs until it is killed. */
  readonly program?: readonly string[];
  /** It only reads, so it does not matter to other commands where it is killed. */
  readonly reads?: true;
}

const nothing = async () => {};

const create = async (box: Sandbox, bundle: Bundle, id: string) =>
  void (await box.must(["create", "--bundle", bundle.directory, id]));

const run = async (box: Sandbox, bundle: Bundle, id: string) =>
  void (await box.must(["run", "--detach", "--bundle", bundle.directory, id]));

/** Two mounts for a running container, one on top of the other. */
function mountsFile(bundle: Bundle): string {
  const file = `${bundle.directory}/mounts.json`;
  const mounts = [
    { destination: "/data", type: "bind", source: bundle.directory, options: ["rbind", "ro"] },
    { destination: "/data/rootfs", type: "tmpfs", source: "tmpfs" },
  ];
  writeFileSync(file, JSON.stringify(mounts));
  return file;
}

export const victims: readonly Victim[] = [
  {
    verb: "create",
    prepare: nothing,
    args: (bundle, id) => ["create", "--bundle", bundle.directory, id],
  },
  {
    verb: "run --detach",
    prepare: nothing,
    args: (bundle, id) => ["run", "--detach", "--bundle", bundle.directory, id],
  },
  {
    verb: "run",
    prepare: nothing,
    args: (bundle, id) => ["run", "--bundle", bundle.directory, id],
    program: ["nap:20"],
  },
  { verb: "start", prepare: create, args: (_bundle, id) => ["start", id] },
  { verb: "exec", prepare: run, args: (_bundle, id) => ["exec", id, "/probe", "nap:20"] },
  { verb: "exec --detach", prepare: run, args: (_bundle, id) => ["exec", "--detach", id, "/probe", "sleep"] },
  { verb: "pause", prepare: run, args: (_bundle, id) => ["pause", id] },
  {
    verb: "resume",
    prepare: async (box, bundle, id) => {
      await run(box, bundle, id);
      await box.must(["pause", id]);
    },
    args: (_bundle, id) => ["resume", id],
  },
  { verb: "update", prepare: run, args: (_bundle, id) => ["update", "--pids-limit", "50", id] },
  { verb: "kill", prepare: run, args: (_bundle, id) => ["kill", id, "KILL"] },
  { verb: "ps", prepare: run, args: (_bundle, id) => ["ps", "--format", "json", id] },
  { verb: "events --stats", prepare: run, args: (_bundle, id) => ["events", "--stats", id] },
  {
    verb: "mounts add",
    prepare: run,
    args: (bundle, id) => ["mounts", "add", id, mountsFile(bundle)],
  },
  {
    verb: "mounts remove",
    prepare: async (box, bundle, id) => {
      await run(box, bundle, id);
      await box.must(["mounts", "add", id, mountsFile(bundle)]);
    },
    args: (bundle, id) => ["mounts", "remove", id, mountsFile(bundle)],
  },
  {
    verb: "explain",
    prepare: nothing,
    args: (bundle, id) => ["explain", "--bundle", bundle.directory, id],
    reads: true,
  },
  {
    verb: "validate",
    prepare: nothing,
    args: (bundle) => ["validate", `${bundle.directory}/config.json`],
    reads: true,
  },
  { verb: "features", prepare: nothing, args: () => ["features"], reads: true },
  { verb: "spec", prepare: nothing, args: () => ["spec", "-"], reads: true },
  { verb: "state", prepare: run, args: (_bundle, id) => ["state", id] },
  { verb: "list", prepare: run, args: () => ["list"] },
  { verb: "delete", prepare: create, args: (_bundle, id) => ["delete", id] },
  { verb: "delete --force", prepare: run, args: (_bundle, id) => ["delete", "--force", id] },
];

/** A configuration with one of each kind of thing that a runtime makes for a container. */
export function withEverything(bundle: Bundle, program: readonly string[] = ["fork:2", "sleep"]): Bundle {
  return bundle.edit((config) => {
    config.process.args = ["/probe", ...program];
    config.root.readonly = false;
    config.mounts.push({ destination: "/data", type: "tmpfs", source: "tmpfs" });
    // A static program: a dynamic loader without memory is killed, which must not happen to any part of bunc.
    const hook = { path: probePath(), args: ["hook", "exit:0"] };
    config.hooks = { createRuntime: [hook], poststop: [hook] };
  });
}

/** Passes the victim's command line to `happen`; afterwards list and delete --force must work, and nothing may be left. */
export async function survives(
  box: Sandbox,
  bundle: Bundle,
  victim: Victim,
  happen: (command: string[]) => Promise<void>,
): Promise<void> {
  const id = box.id();
  await victim.prepare(box, bundle, id);
  await happen(box.commandLine(victim.args(bundle, id)));
  const listed = await box.call(["list", "--format", "json"]);
  // A container without a state yet is reported on standard error.
  if (existsSync(box.root)) expect(listed.status).toBe(0);
  const deleted = await box.call(["delete", "--force", id]);
  expect([deleted.status, deleted.stderr]).toEqual([0, ""]);
  expect(existsSync(`${box.root}/${id}`)).toBe(false);
  await until(`nothing of ${id} is left`, () => {
    const leaks = leaksOf(id, []);
    return leaks.length === 0 || undefined;
  }).catch(() => {
    expect(leaksOf(id, [])).toEqual([]);
  });
}
