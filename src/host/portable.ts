/** A host that has everything, for documents that are checked without a machine. */

import { type HostFacts, hostFacts } from "./host.ts";

/** `euid`: 0, or that of the ordinary user whose container it is to be. */
export function portableHost(euid: number): HostFacts {
  const facts = hostFacts({
    release: "5.14",
    euid,
    egid: euid,
    cgroup_file_system: "cgroup2",
    self_cgroup: "0::/\n",
    mountinfo: "",
    uid_map: "",
    gid_map: "",
    apparmor: "Y",
    streams: ["/dev/null", "/dev/null", "/dev/null"],
  });
  const isProc = (path: string) => path === "/proc" || path.startsWith("/proc/");
  return {
    ...facts,
    selinux: true,
    resctrl: "/sys/fs/resctrl",
    fileSystemOf: (path) => (isProc(path) ? "proc" : ""),
  };
}
