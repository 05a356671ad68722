/** File systems that show a namespace: the kernel mounts them in a user namespace only if it owns the namespace shown. */
import { expect } from "bun:test";
import { chownSync } from "node:fs";
import { addUserNamespace, type Config, removeNamespace } from "../harness/config.ts";
import { buncOnly, root, userNamespaces } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const kinds: { type: string; namespace: string; link: string }[] = [
  { type: "sysfs", namespace: "network", link: "net" },
  { type: "proc", namespace: "pid", link: "pid" },
  { type: "mqueue", namespace: "ipc", link: "ipc" },
  { type: "cgroup2", namespace: "cgroup", link: "cgroup" },
];

/** In a user namespace, with one mount and every namespace except `without`. */
async function run(box: Sandbox, type: string, without: string, edit: (config: Config) => void) {
  const destination = type === "proc" ? "/proc" : "/place";
  const bundle = box.probe(["exit:0"], (config) => {
    config.linux.namespaces.push({ type: "cgroup" });
    removeNamespace(config, without);
    addUserNamespace(config);
    config.mounts = [{ destination, type, source: type }];
    // runc itself needs the mount in the container.
    if (type !== "proc") config.mounts.push({ destination: "/proc", type: "proc", source: "proc" });
    config.linux.maskedPaths = [];
    config.linux.readonlyPaths = [];
    edit(config);
  });
  chownSync(bundle.rootfs, 100000, 100000);
  return box.run(bundle);
}

for (const { type, namespace, link } of kinds) {
  scenario(
    `${type} with the host's ${namespace} namespace: the reason`,
    [root, userNamespaces],
    async (box) => {
      const { status, stderr } = await run(box, type, namespace, () => {});
      expect(status).toBe(1);
      expect(stderr).toContain("operation not permitted");
      if (box.runtime.name !== "bunc") return;
      expect(unquoted(stderr)).toContain(
        `in a user namespace ${type} needs a new ${namespace} namespace as well: add {"type": "${namespace}"} to linux.namespaces`,
      );
    },
  );

  scenario(
    `${type} with a ${namespace} namespace that belongs to another user namespace: the reason`,
    [root, userNamespaces, buncOnly],
    async (box) => {
      const path = `/proc/self/ns/${link}`;
      const { status, stderr } = await run(box, type, namespace, (config) => {
        config.linux.namespaces.push({ type: namespace, path });
      });
      expect(status).toBe(1);
      expect(unquoted(stderr)).toContain(
        `in a user namespace ${type} needs a ${namespace} namespace that belongs to it, which the one at ${path} does not`,
      );
    },
  );
}

for (const type of ["sysfs", "proc", "mqueue"]) {
  scenario(`${type} with a namespace of the container's own`, [root, userNamespaces], async (box) => {
    expect(await run(box, type, "", () => {})).toMatchObject({ status: 0, stderr: "" });
  });
}
