/** What the kernel supports. Pure. */

import { kernelAtLeast } from "../host/host.ts";
import { errnoName } from "../kernel/errno.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import type { DoctorFacts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";

/** System calls by what they are for, and whether nothing runs without them. */
const CALLS: readonly (readonly [
  name: string,
  calls: readonly string[],
  required: boolean,
  without: string,
])[] = [
  ["openat2", ["openat2"], true, "no path of a container can be opened safely"],
  ["clone3", ["clone3"], true, "no process can be started"],
  ["pidfds", ["pidfd_open", "pidfd_send_signal"], true, "no process can be signalled or waited for"],
  ["close_range", ["close_range"], true, "descriptors of the caller would leak into containers"],
  ["memfds", ["memfd_create", "execveat"], true, "bunc-init cannot be started from a sealed file"],
  [
    "mount API",
    ["open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "mount_setattr"],
    true,
    "nothing can be mounted for a container",
  ],
  ["keyrings", ["keyctl"], false, "containers share the caller's session keyring: use --no-new-keyring"],
];

export function findKernel(facts: DoctorFacts): Finding[] {
  const { kernel } = facts.host;
  const at = (major: number, minor: number) => kernelAtLeast(kernel, major, minor);
  const since = (name: string, major: number, minor: number, without: string): Finding =>
    finding("kernel", name, {
      ok: at(major, minor),
      found: at(major, minor)
        ? `since Linux ${major}.${minor}`
        : `${kernel.release} is older than ${major}.${minor}`,
      without,
      fix: `a kernel of ${major}.${minor} or newer`,
    });
  return [
    finding("kernel", "version", {
      ok: at(5, 14),
      found: kernel.release,
      without: "bunc relies on system calls of Linux 5.14",
      fix: "boot a kernel of 5.14 or newer",
      required: true,
    }),
    ...CALLS.map(([name, calls, required, without]) => {
      const errnos = new Map(facts.calls.map((call) => [call.name, call.errno]));
      const refused = calls.filter((call) => isRefused(errnos.get(call), facts.host.euid));
      return finding("kernel", name, {
        ok: refused.length === 0,
        found:
          refused.length === 0
            ? calls.join(", ")
            : refused.map((call) => `${call}: ${errnoName(errnos.get(call) ?? ERRNO.NOSYS)}`).join(", "),
        without,
        fix: at(5, 14)
          ? "a seccomp filter denies it to bunc itself: run it in a container whose profile allows it"
          : "boot a kernel of 5.14 or newer",
        required,
      });
    }),
    ...findNamespaces(facts),
    since("overlay by layers", 6, 8, "an overlay's layers must fit into the 4 KiB of mount(2)'s options"),
    since(
      "long overlay layers",
      6,
      13,
      "a layer's path of more than 255 bytes must fit into mount(2)'s options",
    ),
    since("id-mapped overlay", 5, 19, "mounts of type overlay cannot have idmap"),
    since("id-mapped tmpfs", 6, 3, "mounts of type tmpfs cannot have idmap"),
    since("seccomp wait-killable", 5, 19, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is refused"),
    finding("kernel", "overlay", {
      ok: facts.fileSystems.includes("overlay"),
      found: facts.fileSystems.includes("overlay") ? "in /proc/filesystems" : "not in /proc/filesystems",
      without: "mounts of type overlay fail until the module is loaded",
      fix: "modprobe overlay",
    }),
    finding("kernel", "/dev/null", {
      ok: facts.nullDevice,
      found: facts.nullDevice ? "there" : "nothing is there",
      without: "files cannot be masked, hooks cannot be run",
      fix: "mknod -m 666 /dev/null c 1 3",
      required: true,
    }),
  ];
}

/** An ordinary user gets EPERM from those that need CAP_SYS_ADMIN, which proves nothing. */
export function isRefused(errno: number | undefined, euid: number): boolean {
  if (errno === undefined || errno === ERRNO.NOSYS) return true;
  return errno === ERRNO.PERM && euid === 0;
}

const NAMESPACES = [
  ["mnt", true],
  ["pid", true],
  ["net", true],
  ["ipc", true],
  ["uts", true],
  ["user", false],
  ["cgroup", false],
  ["time", false],
] as const;

function findNamespaces({ namespaces }: DoctorFacts): Finding[] {
  const missing = NAMESPACES.filter(([name]) => !namespaces.includes(name));
  const there = NAMESPACES.filter(([name]) => namespaces.includes(name)).map(([name]) => name);
  return [
    finding("kernel", "namespaces", {
      ok: missing.length === 0,
      found: there.join(", ") || "none: is /proc mounted?",
      without: `a configuration with ${missing.map(([name]) => name).join(", ")} namespaces is refused`,
      fix: "a kernel built with them (CONFIG_NAMESPACES, CONFIG_USER_NS, CONFIG_TIME_NS …)",
      required: missing.some(([, required]) => required),
    }),
  ];
}
