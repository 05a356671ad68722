/** `--device`: a device of this host, as with docker, or the numbers of one, as with oci-runtime-tool. */

import type { Stats } from "node:fs";
import { quote, ValueError } from "../verbs/values.ts";

export interface DeviceValue {
  type: "c" | "b";
  major: number;
  minor: number;
  /** In the container. */
  path: string;
  /** Of the host's device, where it is one; undefined: the runtime's default. */
  owner: { fileMode: number; uid: number; gid: number } | undefined;
  /** For the cgroup's rule: "rwm". */
  access: string;
}

const ACCESS = /^[rwm]{1,3}$/;
const NUMBERED = /^([cub]):([0-9]{1,4}):([0-9]{1,7}):(\/[^:]*)(?::([rwm]{1,3}))?$/;

/** `stat`: of the host's file system. Throws ValueError. */
export function parseDevice(text: string, stat: (path: string) => Stats): DeviceValue {
  const [, type, major, minor, numberedPath, numberedAccess = "rwm"] = NUMBERED.exec(text) ?? [];
  if (numberedPath !== undefined) {
    return {
      type: type === "b" ? "b" : "c",
      major: Number(major),
      minor: Number(minor),
      path: numberedPath,
      owner: undefined,
      access: numberedAccess,
    };
  }
  const [host = "", ...rest] = text.split(":");
  const access = ACCESS.test(rest.at(-1) ?? "") ? (rest.pop() as string) : "rwm";
  const [path = host] = rest;
  if (!host.startsWith("/") || !path.startsWith("/") || rest.length > 1) {
    throw new ValueError(
      `${quote(text)} is not a device such as /dev/fuse, /dev/sda:/dev/xvda:r or c:10:229:/dev/fuse`,
    );
  }
  return { ...hostDevice(host, stat), path, access };
}

function hostDevice(path: string, stat: (path: string) => Stats): Omit<DeviceValue, "path" | "access"> {
  let found: Stats;
  try {
    found = stat(path);
  } catch (error) {
    const code = (error as { code?: string }).code ?? String(error);
    throw new ValueError(
      `${path} on this host: ${code}; of a device that is elsewhere give type:major:minor:path`,
    );
  }
  if (!found.isCharacterDevice() && !found.isBlockDevice()) throw new ValueError(`${path} is not a device`);
  const { major, minor } = deviceNumbers(BigInt(found.rdev));
  return {
    type: found.isBlockDevice() ? "b" : "c",
    major,
    minor,
    owner: { fileMode: found.mode & 0o777, uid: found.uid, gid: found.gid },
  };
}

/** As makedev(3) puts them together. */
function deviceNumbers(rdev: bigint): { major: number; minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}
