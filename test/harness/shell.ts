/** Containers whose process is a script of busybox's shell. */
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import type { Edit } from "./config.ts";
import type { Requirement } from "./requirements.ts";
import type { Bundle, Sandbox } from "./sandbox.ts";

export const busybox: Requirement = () =>
  existsSync("/bin/busybox") ? null : "needs /bin/busybox (busybox-static)";

/** Its root file system can be written; /data is empty. */
export function shell(box: Sandbox, script: string, edit: Edit = () => {}): Bundle {
  const bundle = box.bundle((config) => {
    config.root.readonly = false;
    config.process.args = ["/bin/sh", "-c", script];
    config.process.env = ["PATH=/bin"];
    edit(config);
  });
  // Root of a user namespace makes no places for mounts in a directory of the host's.
  for (const name of ["proc", "dev", "sys", "bin"]) mkdirSync(`${bundle.rootfs}/${name}`);
  mkdirSync(`${bundle.rootfs}/data`);
  copyFileSync("/bin/busybox", `${bundle.rootfs}/bin/busybox`);
  for (const name of ["sh", "cat", "sleep", "yes", "head", "touch", "sha256sum", "id"])
    symlinkSync("busybox", `${bundle.rootfs}/bin/${name}`);
  return bundle;
}
