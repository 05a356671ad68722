/** Host mounts with mount flags, as sources of bind mounts. */
import { expect } from "bun:test";
import { chownSync, mkdirSync } from "node:fs";
import { addCapabilities, addUserNamespace, type Config, type Edit } from "./config.ts";
import { mountAt } from "./mountinfo.ts";
import { Report } from "./probe.ts";
import { notIn } from "./requirements.ts";
import { unquoted } from "./runtime.ts";
import type { Bundle, Sandbox } from "./sandbox.ts";

export const strict = notIn("runc", "1.1.5 clears the flags of the source, or fails with other words");

/** A tmpfs at `path` whose mount, not its file system, has `flags`. */
export function mountWith(path: string, flags: string): void {
  mkdirSync(path, { recursive: true });
  const mounted = [
    ["-t", "tmpfs", "-o", "mode=755", "tmpfs", path],
    ["--bind", "-o", `remount,${flags}`, path],
  ].every((args) => Bun.spawnSync(["mount", ...args]).success);
  if (!mounted) throw new Error(`cannot mount ${path} with ${flags}`);
}

export async function withMounts(paths: readonly string[], body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } finally {
    for (const path of paths.toReversed()) Bun.spawnSync(["umount", "--lazy", path]);
  }
}

export function bindOf(source: string, options: string): Edit {
  return (config) => {
    config.mounts.push({ destination: "/mnt", type: "bind", source, options: options.split(",") });
  };
}

/** A bundle with a root file system that the container's root may access. */
export function inUserNamespace(box: Sandbox, actions: string[], edit: Edit): Bundle {
  const bundle = box.probe(actions, (config) => {
    addUserNamespace(config);
    edit(config);
  });
  mkdirSync(`${bundle.rootfs}/mnt`);
  chownSync(bundle.rootfs, 100000, 100000);
  return bundle;
}

export const shownAt = (output: string, target: string) =>
  mountAt(new Report(output).mounts, target)?.options.sort().join();

/** runc names the flag in its own words; bunc also names the mount that locks it. */
export function expectRefusal(box: Sandbox, stderr: string, source: string, said = ""): void {
  expect(stderr).toContain("operation not permitted");
  if (box.runtime.name !== "bunc") return;
  expect(unquoted(stderr)).toContain(
    `error during container init: error mounting "${source}" to rootfs at "/mnt": mount_setattr src=${source}, dst=/mnt: operation not permitted (${said}: locked by the mount at ${source})`,
  );
}

/** Gives the container the capability to try. */
export const withAdmin = (edit: Edit) => (config: Config) => {
  addCapabilities(config, "CAP_SYS_ADMIN");
  edit(config);
};
