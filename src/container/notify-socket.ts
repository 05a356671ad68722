/**
 * $NOTIFY_SOCKET: sd_notify(3) from inside a container. It gets a socket of its own at /run/notify/notify.sock,
 * from a directory in the state directory; what comes there goes on to the caller's service manager.
 */

import { failureMessage, RuntimeError } from "../failure/errors.ts";
import type { Log } from "../log/log.ts";
import type { SuperviseNotify } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import { resolveMount } from "../oci/resolved/mounts.ts";
import { initOf, type StateRecord } from "../state/record.ts";
import type { StateDirectory } from "../state/store.ts";

const CONTAINER_DIRECTORY = "/run/notify";
const DIRECTORY_MODE = 0o755;

/** Undefined: the caller is not a service whose manager waits for it. */
function notifySocket(): string | undefined {
  return process.env["NOTIFY_SOCKET"] || undefined;
}

/** Its mount in the container, for CRIU. */
export function notifyMount(directory: StateDirectory): { target: string; source: string } {
  native("make_directory", { path: directory.notifyDirectory, mode: DIRECTORY_MODE, parents: false });
  return { target: CONTAINER_DIRECTORY, source: directory.notifyDirectory };
}

/**
 * Makes the directory. Returns the configuration to create the container with: a later exec is not part of
 * the service.
 */
export function withNotifySocket(config: ResolvedConfig, directory: StateDirectory): ResolvedConfig {
  if (notifySocket() === undefined || config.process === undefined) return config;
  const { target: destination, source } = notifyMount(directory);
  const mount = {
    destination,
    type: "bind",
    source,
    options: ["bind", "nosuid", "noexec", "nodev", "ro"],
  };
  const env = [...config.process.env, `NOTIFY_SOCKET=${CONTAINER_DIRECTORY}/notify.sock`];
  const { root, mounts } = config;
  const place = { bundle: directory.path, root: root.path, container: {} };
  const resolved = resolveMount(mount, mounts.length, place);
  return { ...config, mounts: [...mounts, resolved], process: { ...config.process, env } };
}

/**
 * Listens for the container, before its program starts. Undefined: nobody waits, or the container was created
 * without it.
 */
export function listenForNotify(directory: StateDirectory): SuperviseNotify | undefined {
  const manager = notifySocket();
  if (manager === undefined || !native("resolve_path", { path: directory.notifyDirectory }).directory) {
    return undefined;
  }
  const { fd } = native("notify_listen", { directory: directory.notifyDirectory });
  return { listener: fd, manager };
}

/**
 * Waits until the container says that it is ready, or ends. The container runs already: it goes on even if
 * the manager is gone.
 */
export function awaitReady(notify: SuperviseNotify, record: StateRecord, log: Log): void {
  try {
    native("notify_forward", { ...notify, ...initOf(record) });
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    log.warning(`NOTIFY_SOCKET: ${failureMessage(error)}`);
  }
}
