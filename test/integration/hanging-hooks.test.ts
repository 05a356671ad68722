/** Hooks, and a CRIU, that never exit: how other commands treat such a container, and that delete --force ends it. */
import { expect } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type Config, type Hook, removeNamespace } from "../harness/config.ts";
import { killIfThere } from "../harness/leaks.ts";
import { buncOnly, command as needsCommand, notIn, root } from "../harness/requirements.ts";
import type { Result } from "../harness/runtime.ts";
import { type Bundle, type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** A script with two processes that writes their pids and then sleeps. `path`: where to put it. */
class HangingHook {
  readonly #file: string;
  readonly hook: Hook;

  constructor(box: Sandbox, name: string, path?: string) {
    this.#file = box.path(`pids-of-${name}`);
    const script = path ?? box.path(`hangs-in-${name}`);
    writeFileSync(
      script,
      `#!/bin/sh\nsleep 600 &\necho $$ $! > ${this.#file}.new\nmv ${this.#file}.new ${this.#file}\nwait\n`,
    );
    chmodSync(script, 0o755);
    this.hook = { path: script, env: ["PATH=/usr/bin:/bin"] };
  }

  get hangs(): true | undefined {
    return existsSync(this.#file) || undefined;
  }

  /** The pids in its own pid namespace. */
  get pids(): number[] {
    return readFileSync(this.#file, "utf8").trim().split(" ").map(Number);
  }

  /** The pids of live processes, without zombies. */
  get left(): number[] {
    return this.pids.filter((pid) => {
      const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : ") Z";
      return !/\) [ZX]/.test(stat);
    });
  }

  end(): void {
    for (const pid of this.pids) killIfThere(pid);
  }
}

const isThere = (box: Sandbox, id: string) => existsSync(box.root) && readdirSync(box.root).includes(id);

interface Creation {
  name: string;
  kind: "prestart" | "createRuntime" | "createContainer";
  verb: string[];
  edit?: (config: Config) => void;
}

const creations: Creation[] = [
  { name: "create, prestart", kind: "prestart", verb: ["create"] },
  { name: "create, createRuntime", kind: "createRuntime", verb: ["create"] },
  { name: "create, createContainer", kind: "createContainer", verb: ["create"] },
  {
    name: "create in the host's pid namespace, createContainer",
    kind: "createContainer",
    verb: ["create"],
    edit: (config) => removeNamespace(config, "pid"),
  },
  { name: "run, createRuntime", kind: "createRuntime", verb: ["run"] },
];

/** A container whose creation hangs in a hook. */
async function hanging(box: Sandbox, { kind, verb, edit }: Creation) {
  const hanging = new HangingHook(box, kind);
  const bundle = box.probe(["sleep"], (config) => {
    config.hooks = { [kind]: [hanging.hook] };
    edit?.(config);
  });
  const id = box.id();
  const creating = box.call([...verb, "--bundle", bundle.directory, id]);
  await until(`the ${kind} hook runs`, () => hanging.hangs);
  return { id, creating, hanging };
}

/** `kind` hooks run in the container's pid namespace, where they have other pids. */
const hasOwnPids = ({ kind, edit }: Creation) => kind === "createContainer" && edit === undefined;

for (const creation of creations) {
  scenario(`a hook hangs in ${creation.name}: delete --force ends it all`, [root, buncOnly], async (box) => {
    const { id, creating, hanging: hook } = await hanging(box, creation);
    expect(await box.state(id)).toMatchObject({ id, status: "creating" });
    expect(JSON.parse((await box.must(["list", "--format", "json"])).stdout)).toMatchObject([
      { id, status: "creating" },
    ]);
    const { pid } = await box.state(id);
    expect(JSON.parse((await box.must(["ps", "--format", "json", id])).stdout)).toContain(pid);
    const refusals: [string[], string][] = [
      [["delete", id], `cannot delete container ${id} that is not stopped: creating`],
      [["start", id], `container ${id} is being created`],
      [["pause", id], `container ${id} is being created`],
      [["exec", id, "/probe"], "cannot exec in a container that is being created"],
    ];
    for (const [words, message] of refusals) {
      const refused = await box.call(words);
      expect(refused.stderr).toContain(message);
      expect(refused.status).not.toBe(0);
    }
    expect(await box.call(["delete", "--force", id])).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(isThere(box, id)).toBe(false);
    expectEndOfCreation(await creating, creation);
    expectNoHook(creation, hook);
  });

  scenario(`a hook hangs in ${creation.name}: kill KILL ends it all`, [root, buncOnly], async (box) => {
    const { id, creating, hanging: hook } = await hanging(box, creation);
    await box.must(["kill", id, "KILL"]);
    expectEndOfCreation(await creating, creation);
    expect(isThere(box, id)).toBe(false);
    expectNoHook(creation, hook);
  });
}

function expectEndOfCreation({ status, stderr }: Result, { kind }: Creation): void {
  expect(status).toBe(1);
  expect(stderr).toContain(
    kind === "createContainer"
      ? "bunc-init: the process ended unexpectedly (killed by signal 9)"
      : `error running ${kind} hook #0`,
  );
}

function expectNoHook(creation: Creation, hook: HangingHook): void {
  if (!hasOwnPids(creation)) expect(hook.left).toEqual([]);
}

scenario(
  "create waits for something other than its hook or its process: delete --force ends it",
  [root, buncOnly, needsCommand("mkfifo")],
  async (box) => {
    const fifo = box.path("fifo");
    Bun.spawnSync(["mkfifo", fifo]);
    const bundle = box.probe(["sleep"], (config) => {
      config.hooks = { createRuntime: [{ path: "/bin/true" }] };
      // Opening the FIFO blocks until there is a reader.
      config.annotations = { "run.oci.hooks.stdout": fifo };
    });
    const id = box.id();
    const creating = box.call(["create", "--bundle", bundle.directory, id]);
    await until("it is there", () => isThere(box, id) || undefined);
    expect(await box.call(["delete", "--force", id])).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(isThere(box, id)).toBe(false);
    expect((await creating).status).not.toBe(0);
  },
);

/** A container that hangs in startContainer: the hook is the probe inside the container. */
const hangingInStart = (box: Sandbox): Bundle =>
  box.probe(["sleep"], (config) => {
    config.root.readonly = false;
    config.hooks = { startContainer: [{ path: "/probe", args: ["probe", "create:/ran=x", "sleep"] }] };
  });

scenario(
  "a hook hangs in startContainer: the container runs; delete --force ends start",
  [root, buncOnly],
  async (box) => {
    const bundle = hangingInStart(box);
    const id = await box.create(bundle);
    const starting = box.call(["start", id]);
    await until("the hook runs", () => existsSync(`${bundle.rootfs}/ran`) || undefined);
    expect((await box.state(id)).status).toBe("running");
    const refused = await box.call(["delete", id]);
    expect(refused.stderr).toContain(`cannot delete container ${id} that is not stopped: running`);
    await box.must(["delete", "--force", id]);
    expect(isThere(box, id)).toBe(false);
    const started = await starting;
    expect(started.status).toBe(1);
    expect(started.stderr).toContain("it ended before it could start the program");
  },
);

scenario("a hook hangs in startContainer of run: delete --force ends it", [root, buncOnly], async (box) => {
  const bundle = hangingInStart(box);
  const id = box.id();
  const running = box.call(["run", "--bundle", bundle.directory, id]);
  await until("the hook runs", () => existsSync(`${bundle.rootfs}/ran`) || undefined);
  await box.must(["delete", "--force", id]);
  expect(isThere(box, id)).toBe(false);
  expect((await running).status).not.toBe(0);
});

for (const verb of ["start", "run --detach"]) {
  scenario(
    `a hook hangs in poststart of ${verb}: the container is there for everybody`,
    [root, notIn("runc", "1.1.5 runs poststart at create")],
    async (box) => {
      const poststart = new HangingHook(box, "poststart");
      const bundle = box.probe(["sleep"], (config) => {
        config.hooks = { poststart: [poststart.hook] };
      });
      const id = box.id();
      const bundled = ["--bundle", bundle.directory, id];
      if (verb === "start") await box.must(["create", ...bundled]);
      const starting = box.call(verb === "start" ? ["start", id] : [...verb.split(" "), ...bundled]);
      await until("the hook runs", () => poststart.hangs);
      expect((await box.state(id)).status).toBe("running");
      expect((await box.call(["delete", id])).status).toBe(1);
      await box.must(["exec", id, "/probe"]);
      expect((await box.call(["delete", "--force", id])).status).toBe(0);
      expect(isThere(box, id)).toBe(false);
      // The command must not touch what has that name now.
      await box.must(["run", "--detach", "--bundle", box.probe(["sleep"]).directory, id]);
      poststart.end();
      expect((await starting).status).toBe(1);
      expect((await box.state(id)).status).toBe("running");
    },
  );
}

scenario("a hook hangs in poststop of delete: the container is gone", [root], async (box) => {
  const poststop = new HangingHook(box, "poststop");
  const id = await box.create(
    box.probe(["sleep"], (config) => {
      config.hooks = { poststop: [poststop.hook] };
    }),
  );
  const deleting = box.call(["delete", id]);
  await until("the hook runs", () => poststop.hangs);
  expect((await box.call(["state", id])).stderr).toContain("container does not exist");
  expect((await box.call(["delete", "--force", id])).status).toBe(0);
  await box.must(["run", "--bundle", box.probe([]).directory, id]);
  poststop.end();
  expect((await deleting).status).toBe(0);
});

scenario(
  "a creation fails and its poststop hook hangs: the container is gone",
  [root, notIn("runc", "1.1.5 undoes the creation after the hook")],
  async (box) => {
    const poststop = new HangingHook(box, "poststop");
    const id = box.id();
    const bundle = box.probe(["sleep"], (config) => {
      config.hooks = { createRuntime: [{ path: "/bin/false" }], poststop: [poststop.hook] };
    });
    const creating = box.call(["create", "--bundle", bundle.directory, id]);
    await until("the hook runs", () => poststop.hangs);
    expect(isThere(box, id)).toBe(false);
    expect((await box.call(["delete", "--force", id])).status).toBe(0);
    await box.must(["run", "--bundle", box.probe([]).directory, id]);
    poststop.end();
    expect((await creating).status).toBe(1);
  },
);

scenario("CRIU hangs in checkpoint: delete --force ends it all", [root, buncOnly], async (box) => {
  const directory = box.path("bin");
  mkdirSync(directory);
  const criu = new HangingHook(box, "criu", `${directory}/criu`);
  const id = await box.started(box.probe(["sleep"]));
  const checkpointing = box.call(["checkpoint", "--image-path", box.path("image"), id], {
    env: { PATH: `${directory}:/usr/bin:/bin` },
  });
  await until("CRIU runs", () => criu.hangs);
  expect(await box.call(["delete", "--force", id])).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(isThere(box, id)).toBe(false);
  expect((await checkpointing).status).not.toBe(0);
  expect(criu.left).toEqual([]);
});

scenario(
  "a hook of create deletes its own container by force: nothing is left",
  [root, buncOnly],
  async (box) => {
    const id = box.id();
    const script = box.path("deletes");
    writeFileSync(script, `#!/bin/sh\n${box.commandLine(["delete", "--force", id]).join(" ")}\n`);
    chmodSync(script, 0o755);
    const bundle = box.probe(["sleep"], (config) => {
      config.hooks = { createRuntime: [{ path: script }] };
    });
    expect((await box.call(["create", "--bundle", bundle.directory, id])).status).not.toBe(0);
    await until("it is gone", () => !isThere(box, id) || undefined);
  },
);
