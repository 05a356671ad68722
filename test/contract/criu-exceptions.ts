/** Like host-exceptions.ts, for `restore` and `checkpoint`. */

import { ERRNO } from "../../src/native/boundary.gen.ts";
import type { Exception } from "./exception.ts";

const { CONNRESET, EXIST, INVAL, NOENT, PIPE } = ERRNO;

export const criuExceptions: readonly Exception[] = [
  {
    call: "mkdirat(",
    subject: "make_directory",
    holds: ["/criu-root", "/notify", "/checkpoint"],
    errnos: [EXIST],
    lessDone: true,
    why: "it exists",
  },
  { call: "", subject: "remove_directory", errnos: [NOENT], why: "it is removed" },
  { call: "openat2(", subject: "resolve_in_root", errnos: [NOENT], why: "its parent is checked instead" },
  { call: "write(", subject: "cgroup_join", errnos: [INVAL], why: "the call is repeated a little later" },
  {
    call: "openat(",
    subject: "read_host_file",
    holds: "/mountinfo",
    errnos: [NOENT],
    why: "CRIU reports that the process has exited",
  },
  {
    call: "pidfd_send_signal(",
    subject: "criu_end",
    why: "CRIU exits when the socket is closed",
  },
  {
    call: "sendmsg(<channel>",
    subject: "criu_exchange",
    errnos: [PIPE, CONNRESET],
    otherError: true,
    why: "the error says that CRIU has exited",
  },
];
