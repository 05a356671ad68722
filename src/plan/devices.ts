/** Device nodes and links in /dev. config-linux.md, Devices and Default Devices. */

import type { PlanContext } from "./context.ts";

const LINKS: readonly { path: string; target: string }[] = [
  { path: "/dev/fd", target: "/proc/self/fd" },
  { path: "/dev/stdin", target: "/proc/self/fd/0" },
  { path: "/dev/stdout", target: "/proc/self/fd/1" },
  { path: "/dev/stderr", target: "/proc/self/fd/2" },
];

const CORE_LINK = { path: "/dev/core", target: "/proc/kcore" };

/** Adds the devices and the usual links. */
export function planDevices(context: PlanContext): void {
  // mknod(2) is for the initial user namespace only.
  const bind = context.host.inUserNamespace || context.has("user");
  for (const { subject, path, kind, major, minor, mode, uid, gid } of context.config.linux.devices) {
    context.add(subject, { device: { path, kind, major, minor, mode, uid, gid, bind } });
  }
  context.add("linux.devices", { symlink: { target: "pts/ptmx", path: "/dev/ptmx", replace: true } });
  for (const { path, target } of context.host.procKcore ? [...LINKS, CORE_LINK] : LINKS) {
    context.add("linux.devices", { symlink: { target, path, replace: false } });
  }
}
