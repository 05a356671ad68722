/** The annotations that change bunc's behaviour (src/oci/annotations.ts); crun introduced them, runc supports none. */
import { expect } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import type { Config } from "../harness/config.ts";
import { addUserNamespace } from "../harness/config.ts";
import { Peer } from "../harness/peer.ts";
import { buncOnly, root, userNamespaces } from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const needs = [root, buncOnly];

function annotate(config: Config, annotations: Record<string, string>): void {
  config.annotations = { ...config.annotations, ...annotations };
}

/** A hook in the host's namespaces that prints its name on both streams. */
function speaker(box: Sandbox, name: string, end = "exit 0") {
  const path = box.path(name);
  writeFileSync(path, `#!/bin/sh\necho ${name} out\necho ${name} err >&2\n${end}\n`);
  chmodSync(path, 0o755);
  return { path };
}

for (const userNamespace of [false, true]) {
  const title = userNamespace
    ? "hooks.stdout and hooks.stderr, with a user namespace"
    : "hooks.stdout and hooks.stderr";
  scenario(`run.oci.${title}`, userNamespace ? [...needs, userNamespaces] : needs, async (box) => {
    writeFileSync(box.path("out"), "before\n", { mode: 0o600 });
    const bundle = box.probe(["exit:0"], (config) => {
      annotate(config, {
        "run.oci.hooks.stdout": box.path("out"),
        "run.oci.hooks.stderr": box.path("err"),
      });
      config.hooks = {
        createRuntime: [speaker(box, "createRuntime")],
        createContainer: [speaker(box, "createContainer")],
        startContainer: [{ path: "/probe", args: ["probe", "say:startContainer out"] }],
        poststart: [speaker(box, "poststart")],
        poststop: [speaker(box, "poststop")],
      };
      if (userNamespace) addUserNamespace(config);
    });
    if (userNamespace) await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
    const result = await box.run(bundle);
    expect(result).toMatchObject({ status: 0, stderr: "" });
    expect(result.stdout).not.toContain("startContainer");
    const lines = readFileSync(box.path("out"), "utf8").split("\n");
    for (const line of [
      "before",
      "createRuntime out",
      "createContainer out",
      "poststart out",
      "poststop out",
    ]) {
      expect(lines).toContain(line);
    }
    expect(lines.some((line) => line.includes("startContainer out"))).toBe(true);
    const errors = readFileSync(box.path("err"), "utf8");
    for (const name of ["createRuntime", "createContainer", "poststart", "poststop"]) {
      expect(errors).toContain(`${name} err`);
    }
  });
}

scenario("run.oci.hooks.stderr alone: standard output is still part of the error", needs, async (box) => {
  const bundle = box.probe(["exit:0"], (config) => {
    annotate(config, { "run.oci.hooks.stderr": box.path("err") });
    config.hooks = { createRuntime: [speaker(box, "failing", "exit 3")] };
  });
  const { status, stderr } = await box.run(bundle);
  expect(status).toBe(1);
  expect(stderr).toContain("failing out");
  expect(stderr).not.toContain("failing err");
  expect(readFileSync(box.path("err"), "utf8")).toBe("failing err\n");
});

scenario("run.oci.hooks.stdout in a directory that does not exist", needs, async (box) => {
  const bundle = box.probe(["exit:0"], (config) => {
    annotate(config, { "run.oci.hooks.stdout": box.path("missing", "out") });
    config.hooks = { createRuntime: [speaker(box, "unheard")] };
  });
  const { status, stderr } = await box.run(bundle);
  expect(status).toBe(1);
  expect(stderr).toContain(box.path("missing", "out"));
});

scenario("run.oci.keep_original_groups", needs, async (box) => {
  const wrapper = ["setpriv", "--groups=7,8", "--"];
  const groups = async (annotations: Record<string, string>) => {
    const bundle = box.probe(["self"], (config) => {
      annotate(config, annotations);
      config.process.user = { uid: 0, gid: 0, additionalGids: [9] };
    });
    return (await box.reportOf(bundle, [], { wrapper })).self.groups;
  };
  expect(await groups({})).toEqual([9]);
  expect(await groups({ "run.oci.keep_original_groups": "1" })).toEqual([7, 8]);
});

scenario("run.oci.pidfd_receiver", needs, async (box) => {
  const socket = box.path("pidfd.sock");
  const peer = await Peer.listen(`receive-console:${socket}`);
  await box.create(box.probe(["sleep"], (config) => annotate(config, { "run.oci.pidfd_receiver": socket })));
  const [message] = await peer.received(1);
  expect(message?.target).toContain("pidfd");
  await peer.close();
});

scenario("run.oci.seccomp.receiver", needs, async (box) => {
  const socket = box.path("agent.sock");
  const peer = await Peer.listen(`receive-console:${socket}`);
  const seccomp = (config: Config) => {
    config.linux["seccomp"] = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["acct"], action: "SCMP_ACT_NOTIFY" }],
    };
  };
  const without = await box.run(box.probe(["exit:0"], seccomp));
  expect(without.stderr).toContain("listenerPath is not set");
  const nobody = box.path("nobody.sock");
  const unheard = await box.run(
    box.probe(["exit:0"], (config) => {
      seccomp(config);
      annotate(config, { "run.oci.seccomp.receiver": nobody });
    }),
  );
  expect(unheard.stderr.split("failed to connect with seccomp agent")).toHaveLength(2);
  expect(unheard.stderr).toContain(`connect ${nobody}: no such file or directory`);
  const unheardToo = await box.run(
    box.probe(["exit:0"], (config) => {
      seccomp(config);
      Object.assign(config.linux["seccomp"] as object, { listenerPath: nobody });
    }),
  );
  expect(unheardToo.stderr.split("failed to connect with seccomp agent")).toHaveLength(2);
  const id = await box.create(
    box.probe(["sleep"], (config) => {
      seccomp(config);
      annotate(config, { "run.oci.seccomp.receiver": socket });
    }),
  );
  const [message] = await peer.received(1);
  const state = JSON.parse(message?.text ?? "");
  expect(state).toMatchObject({ fds: ["seccompFd"], state: { id, status: "creating" } });
  expect(message?.target).toContain("seccomp notify");
  await peer.close();
});
