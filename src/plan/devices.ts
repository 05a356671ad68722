/** Device nodes and links in /dev. config-linux.md, Devices and Default Devices. */

import { resolvePath } from "../kernel/paths.ts";
import type { Device, DeviceKind } from "../native/boundary.gen.ts";
import type { DeviceConfig } from "../oci/linux.ts";
import type { PlanContext } from "./context.ts";

/** admin-guide/devices.txt; all are character devices that everybody may use. */
const DEFAULT_DEVICES: readonly { path: string; major: number; minor: number }[] = [
  { path: "/dev/null", major: 1, minor: 3 },
  { path: "/dev/random", major: 1, minor: 8 },
  { path: "/dev/full", major: 1, minor: 7 },
  { path: "/dev/tty", major: 5, minor: 0 },
  { path: "/dev/zero", major: 1, minor: 5 },
  { path: "/dev/urandom", major: 1, minor: 9 },
];

export const DEFAULT_DEVICE_PATHS = DEFAULT_DEVICES.map(({ path }) => path);

const DEFAULT_MODE = 0o666;

const LINKS: readonly { path: string; target: string }[] = [
  { path: "/dev/fd", target: "/proc/self/fd" },
  { path: "/dev/stdin", target: "/proc/self/fd/0" },
  { path: "/dev/stdout", target: "/proc/self/fd/1" },
  { path: "/dev/stderr", target: "/proc/self/fd/2" },
];

const CORE_LINK = { path: "/dev/core", target: "/proc/kcore" };

const KIND: Readonly<Record<DeviceConfig["type"], DeviceKind>> = {
  c: "character",
  u: "character",
  b: "block",
  p: "fifo",
};

/** Adds the default devices, those of the configuration, and the usual links. */
export function planDevices(context: PlanContext): void {
  // mknod(2) is for the initial user namespace only.
  const bind = context.host.inUserNamespace || context.has("user");
  const { devices } = context.config.linux;
  for (const { path, major, minor } of DEFAULT_DEVICES) {
    if (devices.some((device) => device.path === path)) continue;
    const device: Device = {
      path,
      kind: "character",
      major,
      minor,
      mode: DEFAULT_MODE,
      uid: 0,
      gid: 0,
      bind,
    };
    context.add("linux.devices", { device });
  }
  for (const [index, device] of devices.entries()) {
    // It has no path, and is skipped, as with runc.
    if (device.path === "") continue;
    const path = resolvePath("/", device.path);
    // The link into the container's devpts takes its place.
    if (path === "/dev/ptmx") continue;
    context.add(`linux.devices[${index}]`, {
      device: {
        path,
        kind: KIND[device.type],
        major: device.major,
        minor: device.minor,
        mode: (device.fileMode ?? DEFAULT_MODE) & 0o7777,
        uid: device.uid ?? 0,
        gid: device.gid ?? 0,
        bind,
      },
    });
  }
  context.add("linux.devices", { symlink: { target: "pts/ptmx", path: "/dev/ptmx", replace: true } });
  for (const { path, target } of context.host.procKcore ? [...LINKS, CORE_LINK] : LINKS) {
    context.add("linux.devices", { symlink: { target, path, replace: false } });
  }
}
