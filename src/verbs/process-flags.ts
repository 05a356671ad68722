/** Flags that several verbs share: the bundle, and how a process is started and handed over. */

import { flag, text } from "./flag.ts";
import { parsePath } from "./paths.ts";
import { integerFrom } from "./values.ts";

/** The most file descriptors a process can have: the ceiling of fs.nr_open's default. */
const PRESERVE_FDS_MAX = 1_048_576;

export const CONTAINER_ID_NEW = "the name of the new container, unique on this host";
export const CONTAINER_ID = "the name of the container";

export const NO_PIVOT = "do not use pivot_root, for a root file system on a ramdisk (less isolation)";
export const NO_NEW_KEYRING = "let the container inherit the caller's session keyring";

export const bundleFlag = () =>
  flag("-b, --bundle <directory>", "the bundle directory (default: the current directory)", text(parsePath));

export const consoleSocketFlag = () =>
  flag(
    "--console-socket <socket>",
    "AF_UNIX socket that receives the master side of the process's terminal",
    text(parsePath),
  );

export const pidfdSocketFlag = () =>
  flag("--pidfd-socket <socket>", "AF_UNIX socket that receives a pidfd of the process", text(parsePath));

export const pidFileFlag = () =>
  flag("--pid-file <file>", "write the process id to this file", text(parsePath));

export const preserveFdsFlag = () =>
  flag(
    "--preserve-fds <count>",
    "pass this many file descriptors, from 3 (after those of $LISTEN_FDS), to the process",
    integerFrom(0, PRESERVE_FDS_MAX),
  ).default(0);
