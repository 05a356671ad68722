/** SCMP_ACT_NOTIFY: the listener goes to the agent, with the container process state. config-linux.md, Seccomp. */

import { native } from "../native/call.ts";
import { seccompReceiver } from "../oci/annotations.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import type { StateRecord } from "../state/record.ts";
import { OCI_VERSION } from "../version.ts";
import type { Listening } from "./conversation.ts";
import { hookState } from "./state-json.ts";

export function serveSeccompAgent(
  config: ResolvedConfig,
  record: StateRecord,
  { pid, fd }: Pick<Listening<unknown>, "pid" | "fd">,
): void {
  const receiver = seccompReceiver(config);
  if (receiver === null) throw new Error("nobody asked for a seccomp listener");
  const seccomp = config.linux.seccomp;
  const state = {
    ociVersion: OCI_VERSION,
    fds: ["seccompFd"],
    pid,
    ...(seccomp?.listenerMetadata ? { metadata: seccomp.listenerMetadata } : {}),
    state: hookState(record, "creating", record.init_process_pid),
  };
  try {
    native("send_fd", { ...receiver, fd, payload: JSON.stringify(state) });
  } finally {
    native("close_fd", { fd });
  }
}
