/** Capability names (capabilities(7)), as `--cap` takes them. */

import { quote, ValueError } from "./value-error.ts";

const NAMES =
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE " +
  "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT " +
  "SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE " +
  "AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ " +
  "PERFMON BPF CHECKPOINT_RESTORE";

/** `net_admin`, `CAP_NET_ADMIN` → `CAP_NET_ADMIN`. Throws ValueError for a name the kernel does not have. */
export function parseCapability(text: string): string {
  const name = text.toUpperCase().replace(/^CAP_/, "");
  if (!NAMES.split(" ").includes(name)) {
    throw new ValueError(`${quote(text)} is not a capability such as CAP_NET_ADMIN`);
  }
  return `CAP_${name}`;
}

/** The name of a capability's number; `capability 99` for one without a name here. */
export function capabilityName(number: number): string {
  const name = NAMES.split(" ")[number];
  return name === undefined ? `capability ${number}` : `CAP_${name}`;
}
