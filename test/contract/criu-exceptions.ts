/** As host-exceptions.ts, of `restore` and `checkpoint`. */

import { ERRNO } from "../../src/native/boundary.gen.ts";
import type { Exception } from "./exception.ts";

const { CONNRESET, EXIST, INVAL, NOENT, PIPE } = ERRNO;

export const criuExceptions: readonly Exception[] = [
  {
    call: "mkdirat(",
    subject: "make_directory",
    holds: "/criu-root",
    errnos: [EXIST],
    lessDone: true,
    why: "it is there",
  },
  {
    call: "mkdirat(",
    subject: "make_directory",
    holds: "/notify",
    errnos: [EXIST],
    lessDone: true,
    why: "it is there",
  },
  {
    call: "mkdirat(",
    subject: "make_directory",
    holds: "/checkpoint",
    errnos: [EXIST],
    lessDone: true,
    why: "it is there",
  },
  { call: "", subject: "remove_directory", errnos: [NOENT], why: "it is removed" },
  { call: "openat2(", subject: "resolve_in_root", errnos: [NOENT], why: "what is above it is looked at" },
  { call: "write(", subject: "cgroup_join", errnos: [INVAL], why: "it is made again, a little later" },
  {
    call: "openat(",
    subject: "read_host_file",
    holds: "/cgroup",
    errnos: [NOENT],
    otherError: true,
    why: "said as runc does",
  },
  {
    call: "openat(",
    subject: "read_host_file",
    holds: "/mountinfo",
    errnos: [NOENT],
    why: "CRIU says that the process is gone",
  },
  {
    call: "pidfd_send_signal(",
    subject: "criu_end",
    why: "it ends when the socket is closed",
  },
  {
    call: "sendmsg(<channel>",
    subject: "criu_exchange",
    errnos: [PIPE, CONNRESET],
    otherError: true,
    why: "it is said that CRIU has ended",
  },
];
