/**
 * Facts about this machine that decide what a plan says, made from texts of the kernel that one native
 * call delivers. Pure: the same texts give the same facts.
 */

import type { FactsReply, IdMap } from "../native/boundary.gen.ts";
import { type CgroupFacts, cgroupFacts } from "./cgroup.ts";
import { type MountinfoEntry, parseMountinfo } from "./mountinfo.ts";

/** Facts about the presence of files. */
interface FoundFiles {
  /** The set-user-ID helpers that write id maps for ordinary users: absolute paths, null where they are missing. */
  newuidmap: string | null;
  newgidmap: string | null;
  /** Whether the kernel has /proc/kcore (CONFIG_PROC_KCORE). */
  procKcore: boolean;
  /** Whether our user namespace, and each one made in it, refuses setgroups(2). user_namespaces(7). */
  setgroupsDenied: boolean;
}

const USUAL_FILES: FoundFiles = { newuidmap: null, newgidmap: null, procKcore: true, setgroupsDenied: false };

/** Everything that a plan depends on. */
export interface HostFacts extends FoundFiles {
  kernel: KernelVersion;
  euid: number;
  egid: number;
  /** Whether bunc itself runs in a user namespace that is not the initial one. */
  inUserNamespace: boolean;
  uidMap: IdMap[];
  gidMap: IdMap[];
  cgroup: CgroupFacts;
  apparmor: boolean;
  selinux: boolean;
  /** Where resctrl (Intel RDT) is mounted; "" where it is not. */
  resctrl: string;
  /** What the standard streams of this command are: "/dev/null", "pipe:[5]"; "" for a closed one. */
  streams: readonly string[];
  /** Type of the file system that an absolute, clean path is on; "" where that is not known. */
  fileSystemOf(path: string): string;
}

/** uname(2), `release`. */
export interface KernelVersion {
  release: string;
  major: number;
  minor: number;
}

/** `texts`: of the kernel. */
export function hostFacts(texts: FactsReply, found: FoundFiles = USUAL_FILES): HostFacts {
  const mounts = parseMountinfo(texts.mountinfo);
  const uidMap = parseIdMap(texts.uid_map);
  const isMounted = (type: string) => mounts.some((mount) => mount.fileSystem === type);
  return {
    kernel: parseRelease(texts.release),
    euid: texts.euid,
    egid: texts.egid,
    inUserNamespace: !isInitialIdMap(uidMap),
    uidMap,
    gidMap: parseIdMap(texts.gid_map),
    cgroup: cgroupFacts(texts.cgroup_file_system, texts.self_cgroup, mounts),
    apparmor: texts.apparmor.startsWith("Y"),
    selinux: isMounted("selinuxfs"),
    resctrl: resctrlMount(mounts),
    streams: texts.streams,
    ...found,
    fileSystemOf(path) {
      let type = "";
      let depth = -1;
      for (const { mountPoint, fileSystem } of mounts) {
        const isBelow = mountPoint === "/" || path === mountPoint || path.startsWith(`${mountPoint}/`);
        if (!isBelow || mountPoint.length < depth) continue;
        depth = mountPoint.length;
        type = fileSystem;
      }
      return type;
    },
  };
}

/** The kernel makes /sys/fs/resctrl for it, but it may be mounted elsewhere. */
function resctrlMount(mounts: readonly MountinfoEntry[]): string {
  const points = mounts.filter(({ fileSystem }) => fileSystem === "resctrl").map((mount) => mount.mountPoint);
  return points.find((point) => point === "/sys/fs/resctrl") ?? points[0] ?? "";
}

/** "6.18.44-cloud-amd64". Any other text gives 0.0. */
export function parseRelease(release: string): KernelVersion {
  const match = /^(\d+)\.(\d+)/.exec(release);
  return { release, major: Number(match?.[1] ?? 0), minor: Number(match?.[2] ?? 0) };
}

/** Whether the kernel is of this version or newer. */
export function kernelAtLeast(kernel: KernelVersion, major: number, minor: number): boolean {
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}

/** /proc/pid/uid_map: user_namespaces(7). */
export function parseIdMap(text: string): IdMap[] {
  const lines: IdMap[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line);
    if (match === null) continue;
    lines.push({ container_id: Number(match[1]), host_id: Number(match[2]), size: Number(match[3]) });
  }
  return lines;
}

/** The initial user namespace maps every id to itself. A kernel without user namespaces has no map. */
export function isInitialIdMap(map: readonly IdMap[]): boolean {
  const [first] = map;
  if (first === undefined) return true;
  return map.length === 1 && first.container_id === 0 && first.host_id === 0 && first.size === 0xffffffff;
}
