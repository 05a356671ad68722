import { expect } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import type { Hook } from "../harness/config.ts";
import { Report } from "../harness/probe.ts";
import { buncOnly, notIn, root } from "../harness/requirements.ts";
import { type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** A hook that appends a line to a file: its name, the status in the state, its mount namespace, its directory. */
function recorder(box: Sandbox, name: string): Hook {
  const script = box.path(`hook-${name}`);
  writeFileSync(
    script,
    `#!/bin/sh
state=$(cat)
status=$(echo "$state" | sed -n 's/.*"status": *"\\([a-z]*\\)".*/\\1/p')
echo "${name} $status $(readlink /proc/self/ns/mnt) $(pwd) $HOOK_VALUE $*" >> ${box.path("record")}
echo "$state" > ${box.path(`state-${name}`)}
`,
  );
  chmodSync(script, 0o755);
  return { path: script, args: ["arg0", "one"], env: ["PATH=/usr/bin:/bin", "HOOK_VALUE=value"] };
}

const record = (box: Sandbox) =>
  existsSync(box.path("record")) ? readFileSync(box.path("record"), "utf8").trimEnd().split("\n") : [];

const poststartAtStart = notIn("runc", "1.1.5 runs poststart at create");

scenario(
  "host-side hooks: order, state on standard input, arguments, environment",
  [root, poststartAtStart],
  async (box) => {
    const bundle = box.probe(["sleep"], (config) => {
      config.annotations = { key: "value" };
      config.hooks = {
        prestart: [recorder(box, "prestart")],
        createRuntime: [recorder(box, "createRuntime")],
        poststart: [recorder(box, "poststart")],
        poststop: [recorder(box, "poststop")],
      };
    });
    const id = await box.create(bundle);
    expect(record(box).map((line) => line.split(" ")[0])).toEqual(["prestart", "createRuntime"]);
    await box.must(["start", id]);
    await box.must(["delete", "--force", id]);
    expect(record(box).map((line) => line.split(" ")[0])).toEqual([
      "prestart",
      "createRuntime",
      "poststart",
      "poststop",
    ]);
    for (const line of record(box)) {
      expect(line).toEndWith(" value one");
      expect(line).not.toContain("arg0");
    }
    const state = JSON.parse(readFileSync(box.path("state-createRuntime"), "utf8"));
    expect(state).toMatchObject({ id, bundle: bundle.directory, annotations: { key: "value" } });
    expect(state.pid).toBeGreaterThan(1);
    const statuses = ["prestart", "createRuntime", "poststart", "poststop"].map(
      (name) => JSON.parse(readFileSync(box.path(`state-${name}`), "utf8")).status,
    );
    expect(statuses).toEqual(["creating", "creating", "running", "stopped"]);
  },
);

scenario(
  "createContainer runs in the container's namespaces before its root is changed",
  [root],
  async (box) => {
    const bundle = box.probe(["namespaces"], (config) => {
      config.hooks = {
        createContainer: [recorder(box, "createContainer")],
        createRuntime: [recorder(box, "createRuntime")],
      };
    });
    const report = await box.reportOf(bundle);
    const namespaceOf = (name: string) =>
      record(box)
        .find((line) => line.startsWith(name))
        ?.split(" ")[2];
    expect(namespaceOf("createContainer")).toBe(report.namespaces["mnt"] as string);
    expect(namespaceOf("createRuntime")).not.toBe(report.namespaces["mnt"] as string);
  },
);

scenario("startContainer runs inside the container, at start", [root], async (box) => {
  const bundle = box.probe(["read:/from-hook"], (config) => {
    config.root.readonly = false;
    // The path is resolved in the container, which contains only the probe.
    config.hooks = { startContainer: [{ path: "/probe", args: ["probe", "create:/from-hook=inside"] }] };
  });
  const id = await box.create(bundle);
  expect(existsSync(`${bundle.rootfs}/from-hook`)).toBe(false);
  await box.must(["start", id]);
  await box.waitFor(id, "stopped");
  expect(readFileSync(`${bundle.rootfs}/from-hook`, "utf8")).toBe("inside");
});

for (const kind of ["prestart", "createRuntime", "createContainer", "startContainer"]) {
  scenario(`a ${kind} hook that fails stops the container; poststop runs`, [root], async (box) => {
    const bundle = box.probe(["sleep"], (config) => {
      const path = kind === "startContainer" ? "/probe" : "/bin/sh";
      const args =
        kind === "startContainer" ? ["probe", "exit:3"] : ["sh", "-c", "echo complaint >&2; exit 3"];
      config.hooks = { [kind]: [{ path, args }], poststop: [recorder(box, "poststop")] };
    });
    const id = box.id();
    const result = await box.call(["run", "--bundle", bundle.directory, id]);
    expect(result.status).not.toBe(0);
    expect(result.stderr).toMatch(new RegExp(`error running (${kind} )?hook #0`));
    expect(result.stderr).toContain("exit status 3");
    expect((await box.call(["state", id])).status).toBe(1);
  });
}

scenario(
  "a poststart hook that fails: the container is not left running",
  [root, poststartAtStart],
  async (box) => {
    const bundle = box.probe(["sleep"], (config) => {
      config.hooks = { poststart: [{ path: "/bin/sh", args: ["sh", "-c", "exit 3"] }] };
    });
    const id = await box.create(bundle);
    const result = await box.call(["start", id]);
    // The specification only requires a log message; runc stops the container. Either way delete --force cleans up.
    expect([0, 1]).toContain(result.status);
    await box.must(["delete", "--force", id]);
  },
);

scenario("a hook that outlives its timeout is killed and named", [root], async (box) => {
  const bundle = box.probe([], (config) => {
    config.hooks = { createRuntime: [{ path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1 }] };
  });
  const result = await box.run(bundle);
  expect(result.status).not.toBe(0);
  expect(result.stderr).toMatch(/error running (createRuntime )?hook #0/);
  expect(result.stderr).toMatch(/hook ran past specified timeout of 1/);
});

scenario("several hooks of a kind run in order, and the first failure ends it", [root], async (box) => {
  const bundle = box.probe([], (config) => {
    const failing: Hook = { path: "/bin/sh", args: ["sh", "-c", "exit 1"] };
    config.hooks = {
      createRuntime: [recorder(box, "first"), recorder(box, "second"), failing, recorder(box, "never")],
    };
  });
  const result = await box.run(bundle);
  expect(result.status).not.toBe(0);
  expect(result.stderr).toMatch(/hook #2/);
  expect(record(box).map((line) => line.split(" ")[0])).toEqual(["first", "second"]);
});

scenario("a hook that does not exist", [root], async (box) => {
  const bundle = box.probe([], (config) => {
    config.hooks = { createRuntime: [{ path: "/no/such/hook" }] };
  });
  const result = await box.run(bundle);
  expect(result.status).not.toBe(0);
  expect(result.stderr).toMatch(/no such file or directory/);
});

scenario("hooks do not see the descriptors of the runtime", [root], async (box) => {
  const file = box.path("descriptors");
  const bundle = box.probe([], (config) => {
    config.hooks = { createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", `ls /proc/$$/fd > ${file}`] }] };
  });
  await box.run(bundle);
  await until("the hook wrote", () => existsSync(file) || undefined);
  // 0 to 2, and the descriptors that this shell opens while it redirects.
  const numbers = readFileSync(file, "utf8").trim().split("\n").map(Number);
  expect(numbers.filter((fd) => fd > 2 && fd < 10)).toEqual([]);
});

scenario("a bundle with a hook in a directory whose name has blanks", [root], async (box) => {
  mkdirSync(box.path("with blank"));
  const script = box.path("with blank/hook");
  writeFileSync(script, `#!/bin/sh\ncat > '${box.path("seen")}'\n`);
  chmodSync(script, 0o755);
  const bundle = box.probe([], (config) => {
    config.hooks = { createRuntime: [{ path: script }] };
  });
  await box.run(bundle);
  expect(JSON.parse(readFileSync(box.path("seen"), "utf8")).ociVersion).toMatch(/^1\./);
});

scenario(
  "a startContainer hook without env has the process's, with HOME",
  [root, notIn("runc", "1.1.5 gives it none")],
  async (box) => {
    const bundle = box.probe(["exit:0"], (config) => {
      config.process.env = ["PATH=/", "OF=process"];
      config.hooks = {
        startContainer: [
          { path: "/probe", args: ["probe", "out:/inherited", "self"] },
          { path: "/probe", args: ["probe", "out:/own", "self"], env: ["OF=hook"] },
        ],
      };
      config.root.readonly = false;
    });
    expect((await box.run(bundle)).status).toBe(0);
    const env = (file: string) => new Report(readFileSync(`${bundle.rootfs}/${file}`, "utf8")).self.env;
    expect(env("inherited")).toEqual(["PATH=/", "OF=process", "HOME=/"]);
    expect(env("own")).toEqual(["OF=hook"]);
  },
);

scenario(
  "hooks run in the directory that runc gives them: the bundle, the container's root, the process's directory",
  [root],
  async (box) => {
    const bundle = box.probe(["exit:0"], (config) => {
      config.root.readonly = false;
      config.process.cwd = "/srv";
      config.hooks = {
        prestart: [recorder(box, "prestart")],
        createRuntime: [recorder(box, "createRuntime")],
        createContainer: [recorder(box, "createContainer")],
        startContainer: [{ path: "/probe", args: ["probe", "create:here=made"] }],
        poststart: [recorder(box, "poststart")],
        poststop: [recorder(box, "poststop")],
      };
    });
    expect((await box.run(bundle)).status).toBe(0);
    const directories = Object.fromEntries(
      record(box).map((line) => [line.split(" ")[0], line.split(" ")[3]]),
    );
    expect(directories).toEqual({
      prestart: bundle.directory,
      createRuntime: bundle.directory,
      createContainer: bundle.rootfs,
      poststart: bundle.directory,
      poststop: bundle.directory,
    });
    expect(readFileSync(`${bundle.rootfs}/srv/here`, "utf8")).toBe("made");
  },
);

scenario("a createContainer hook mounts into the root by a relative path", [root], async (box) => {
  const bundle = box.probe(["read:/added"], (config) => {
    const script = `echo mounted > ${box.path("source")} && touch ./added && mount --bind ${box.path("source")} ./added`;
    config.root.readonly = false;
    config.hooks = {
      createContainer: [{ path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/usr/bin:/bin"] }],
    };
  });
  expect((await box.reportOf(bundle)).read("/added")).toBe("mounted\n");
});

scenario(
  "without a mount namespace hooks run in the same directories, all in the host's mount namespace",
  // runc needs a procfs in the root, but may not mount one there.
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe(["exit:0"], (config) => {
      config.root.readonly = false;
      config.mounts = [];
      config.linux.maskedPaths = [];
      config.linux.readonlyPaths = [];
      config.linux.namespaces = [{ type: "uts" }, { type: "ipc" }];
      config.hooks = {
        createRuntime: [recorder(box, "createRuntime")],
        createContainer: [recorder(box, "createContainer")],
        startContainer: [{ path: "/probe", args: ["probe", "create:/from-hook=inside"] }],
        poststop: [recorder(box, "poststop")],
      };
    });
    expect((await box.run(bundle)).status).toBe(0);
    const own = readlinkSync("/proc/self/ns/mnt");
    expect(record(box).map((line) => line.split(" ").slice(0, 4).join(" "))).toEqual([
      `createRuntime creating ${own} ${bundle.directory}`,
      `createContainer creating ${own} ${bundle.rootfs}`,
      `poststop stopped ${own} ${bundle.directory}`,
    ]);
    expect(readFileSync(`${bundle.rootfs}/from-hook`, "utf8")).toBe("inside");
  },
);
