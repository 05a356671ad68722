/** Tests of the two suites that runc passes and bunc never will, each with its reason. */
import type { Justification } from "./compare.ts";

const mountsOnTheHost =
  "its configuration has mounts and no mount namespace: runc makes the mounts on the host and leaves them there, bunc refuses";

/** For runc's own suite. */
export const justified: readonly Justification[] = [
  {
    file: "run",
    name: "runc run [/proc/self/exe clone]",
    reason:
      "looks for 'runc exeseal: using /proc/self/exe clone' or a similar message about how runc copies itself. bunc does not: bunc-init enters the container from a memfd that is sealed from the start",
  },
  {
    file: "seccomp",
    name: "runc run [seccomp] (SECCOMP_FILTER_FLAG_*)",
    reason:
      "its table has only the flags that runc 1.3.6 lists in features; bunc also lists SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, for which the table has an unset variable",
  },
  {
    file: "host-mntns",
    name: "runc run [host mount ns + hooks]",
    reason: mountsOnTheHost,
  },
];

/** For OCI's validation programs. */
export const justifiedOci: readonly Justification[] = [{ file: "linux_ns_itype", reason: mountsOnTheHost }];
