/** Containers whose process is a busybox shell script. */
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import type { Edit } from "./config.ts";
import type { Requirement } from "./requirements.ts";
import type { Bundle, Sandbox } from "./sandbox.ts";

export const busybox: Requirement = () =>
  existsSync("/bin/busybox") ? null : "needs /bin/busybox (busybox-static)";

/** Its root file system is writable; /data is empty. */
export function shell(box: Sandbox, script: string, edit: Edit = () => {}): Bundle {
  const bundle = box.bundle((config) => {
    config.root.readonly = false;
    config.process.args = ["/bin/sh", "-c", script];
    config.process.env = ["PATH=/bin"];
    edit(config);
  });
  // Root of a user namespace cannot create mount points in a directory that belongs to the host.
  for (const name of ["proc", "dev", "sys", "bin"]) mkdirSync(`${bundle.rootfs}/${name}`);
  mkdirSync(`${bundle.rootfs}/data`);
  copyFileSync("/bin/busybox", `${bundle.rootfs}/bin/busybox`);
  for (const name of ["sh", "cat", "sleep", "yes", "head", "touch", "sha256sum", "id"])
    symlinkSync("busybox", `${bundle.rootfs}/bin/${name}`);
  return bundle;
}
