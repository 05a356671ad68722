/** `list`: the containers of a state directory, as a table, JSON or ids. */

import { loadContainers } from "../container/container.ts";
import { type ContainerState, containerState } from "../container/state-json.ts";
import { failureMessage } from "../failure/errors.ts";
import { systemCallFailed } from "../failure/messages.ts";
import { userNames } from "../host/files.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { StateDirectory, stateRoot } from "../state/store.ts";
import type { Handler } from "../verbs/verbs.ts";
import { formatTable } from "./table.ts";

export const run: Handler<"list"> = ({ format, quiet }, _args, context) => {
  const root = stateRoot(context.root);
  const { found, entries } = native("list_directory", { path: root.path });
  if (!found && root.explicit) throw systemCallFailed("open", root.path, ERRNO.NOENT);

  const uids = new Map<string, number>();
  for (const { name, uid, directory } of entries) if (directory) uids.set(name, uid);
  const directories = [...uids.keys()].sort().map((name) => new StateDirectory(root, name));
  const states: ContainerState[] = [];
  const names = userNames();
  let next = 0;
  while (next < directories.length) {
    for (const container of loadContainers(directories.slice(next))) {
      const { id } = directories[next++] as StateDirectory;
      // One unreadable container must not hide the others. Clients parse standard output alone.
      if (container instanceof Error) console.error(`load container ${id}: ${failureMessage(container)}`);
      else {
        const { record, status } = container;
        const uid = uids.get(id) as number;
        states.push(containerState(record, status, names.get(uid) ?? `#${uid}`));
      }
    }
  }

  if (quiet) {
    if (states.length > 0) console.log(states.map(({ id }) => id).join("\n"));
  }
  // No containers: runc prints a nil slice, and clients accept that.
  else if (format === "json") console.log(states.length === 0 ? "null" : JSON.stringify(states));
  else console.log(formatTable(HEADER, states.map(row)));
  return 0;
};

const HEADER = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"];

function row({ id, pid, status, bundle, created, owner }: ContainerState): string[] {
  return [id, String(pid), status, bundle, created, owner];
}
