/** Tests of the two suites that runc passes and bunc will not, each with its reason. */
import type { Justification } from "./compare.ts";

const mountsOnTheHost =
  "its configuration has mounts and no mount namespace: runc makes the mounts on the host and leaves them there, bunc refuses";

/** Of runc's own suite. */
export const justified: readonly Justification[] = [
  {
    file: "run",
    name: "runc run [/proc/self/exe clone]",
    reason:
      "looks for 'runc exeseal: using /proc/self/exe clone' or its like: runc's account of how it copies itself, which bunc does not do: what enters the container is bunc-init, from a memory file sealed from the start",
  },
  {
    file: "seccomp",
    name: "runc run [seccomp] (SECCOMP_FILTER_FLAG_*)",
    reason:
      "its table of flags ends with those that runc 1.3.6 lists in features; bunc lists SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV too, which the table takes for an unset variable",
  },
  {
    file: "host-mntns",
    name: "runc run [host mount ns + hooks]",
    reason: mountsOnTheHost,
  },
];

/** Of OCI's validation programs. */
export const justifiedOci: readonly Justification[] = [{ file: "linux_ns_itype", reason: mountsOnTheHost }];
