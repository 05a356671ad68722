/** Device nodes of a container: the default ones and those of `linux.devices`. config-linux.md, Devices and Default Devices. */

import { resolvePath } from "../../kernel/paths.ts";
import type { DeviceKind } from "../../native/boundary.gen.ts";
import type { DeviceConfig } from "../linux.ts";

export interface ResolvedDevice {
  /** Config path: `linux.devices[3]`; `linux.devices` for one that every container has. */
  subject: string;
  isDefault: boolean;
  /** Clean absolute path in the container. */
  path: string;
  kind: DeviceKind;
  major: number;
  minor: number;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
}

/** admin-guide/devices.txt; all are character devices that everybody may use. */
export const DEFAULT_DEVICES: readonly { path: string; major: number; minor: number }[] = [
  { path: "/dev/null", major: 1, minor: 3 },
  { path: "/dev/random", major: 1, minor: 8 },
  { path: "/dev/full", major: 1, minor: 7 },
  { path: "/dev/tty", major: 5, minor: 0 },
  { path: "/dev/zero", major: 1, minor: 5 },
  { path: "/dev/urandom", major: 1, minor: 9 },
];

const DEFAULT_MODE = 0o666;

const KIND: Readonly<Record<DeviceConfig["type"], DeviceKind>> = {
  c: "character",
  u: "character",
  b: "block",
  p: "fifo",
};

/** The nodes to be made, in order. One of the configuration takes the place of a default one. */
export function resolveDevices(configs: readonly DeviceConfig[]): ResolvedDevice[] {
  const own = configs.flatMap((device, index): ResolvedDevice[] => {
    // It has no path, and is skipped, as with runc.
    if (device.path === "") return [];
    const path = resolvePath("/", device.path);
    // The link into the container's devpts takes its place.
    if (path === "/dev/ptmx") return [];
    return [
      {
        subject: `linux.devices[${index}]`,
        isDefault: false,
        path,
        kind: KIND[device.type],
        major: device.major,
        minor: device.minor,
        mode: (device.fileMode ?? DEFAULT_MODE) & 0o7777,
        uid: device.uid ?? 0,
        gid: device.gid ?? 0,
      },
    ];
  });
  const defaults = DEFAULT_DEVICES.filter(({ path }) => !own.some((device) => device.path === path)).map(
    (device): ResolvedDevice => ({
      subject: "linux.devices",
      isDefault: true,
      kind: "character",
      mode: DEFAULT_MODE,
      uid: 0,
      gid: 0,
      ...device,
    }),
  );
  return [...defaults, ...own];
}
