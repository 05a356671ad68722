/** A path that the container's root may not reach: the error names the directory that blocks it and the missing permission. */
import { expect } from "bun:test";
import { chmodSync, chownSync, mkdirSync, symlinkSync } from "node:fs";
import { addUserNamespace } from "../harness/config.ts";
import { rootless } from "../harness/ordinary-user.ts";
import { buncOnly, root, userNamespaces } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import { scenario } from "../harness/scenario.ts";

const sentence = (directory: string, mode: string, id: number) =>
  `(the directory ${directory} with mode ${mode} does not let the container's root (uid ${id}, gid ${id} of the host) search it: permission x is missing)`;

for (const mode of [0o700, 0o750, 0o744]) {
  scenario(
    `a root file system below a directory with mode ${mode.toString(8)}`,
    [root, userNamespaces, buncOnly],
    async (box) => {
      const bundle = box.probe(["exit:0"], (config) => addUserNamespace(config));
      chmodSync(bundle.directory, mode);
      const { status, stderr } = await box.run(bundle);
      expect(status).toBe(1);
      expect(unquoted(stderr)).toContain(
        `error preparing rootfs: open ${bundle.rootfs}: permission denied ${sentence(bundle.directory, `0${mode.toString(8)}`, 100000)}`,
      );
    },
  );
}

scenario(
  "a root file system behind a link to a directory that may not be searched",
  [root, userNamespaces, buncOnly],
  async (box) => {
    const hidden = box.path("hidden");
    mkdirSync(`${hidden}/root`, { recursive: true });
    chmodSync(hidden, 0o700);
    symlinkSync(hidden, box.path("link"));
    const bundle = box.probe(["exit:0"], (config) => {
      addUserNamespace(config);
      config.root.path = box.path("link", "root");
    });
    expect(unquoted((await box.run(bundle)).stderr)).toContain("hidden with mode 0700 does not let");
  },
);

scenario(
  "a directory that may be searched but not read is no obstacle",
  [root, userNamespaces, buncOnly],
  async (box) => {
    const bundle = box.probe(["stat:/"], (config) => addUserNamespace(config));
    chmodSync(bundle.directory, 0o711);
    chownSync(bundle.rootfs, 100000, 100000);
    expect((await box.reportOf(bundle)).get("stat:/").uid).toBe(0);
  },
);

rootless("a source that the user may not reach", [buncOnly], async (user, box) => {
  const hidden = box.path("hidden");
  mkdirSync(`${hidden}/source`, { recursive: true });
  chmodSync(hidden, 0o700);
  const source = `${hidden}/source`;
  const bundle = user.probe(["exit:0"], (config) => {
    config.mounts.push({ destination: "/mnt", type: "bind", source, options: ["bind"] });
  });
  const { status, stderr } = await user.call(["run", "--bundle", bundle.directory, box.id()]);
  expect(status).toBe(1);
  expect(unquoted(stderr)).toContain(`permission denied ${sentence(hidden, "0700", user.uid)}`);
});

rootless("a root file system that the user may not reach", [buncOnly], async (user, box) => {
  const hidden = box.path("hidden");
  mkdirSync(`${hidden}/root`, { recursive: true });
  chmodSync(hidden, 0o700);
  const bundle = user.probe(["exit:0"], (config) => {
    config.root.path = `${hidden}/root`;
  });
  const { status, stderr } = await user.call(["run", "--bundle", bundle.directory, box.id()]);
  expect(status).toBe(1);
  expect(stderr).toContain("permission denied");
  expect(stderr).toContain(hidden);
});
