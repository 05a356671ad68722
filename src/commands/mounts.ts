/** `mounts add`, `mounts remove`: mounts of a running container. */

import type { Handler } from "../cli/verbs.ts";
import { changeContainer } from "../container/container.ts";
import { changeMounts } from "../container/hot-mounts.ts";
import { UsageError } from "../errors.ts";
import { systemCallFailed } from "../messages.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";

export const run: Handler<"mounts"> = async (_options, [change, id, file], context) => {
  if (change !== "add" && change !== "remove") {
    throw new UsageError(`unknown action ${JSON.stringify(change)}: accepted are add and remove`);
  }
  const document = file === "-" ? "standard input" : file;
  const text = file === "-" ? await Bun.stdin.text() : readText(file);
  return changeContainer(id, context, (container) => {
    changeMounts(container, change, text, document, context);
    return 0;
  });
};

function readText(path: string): string {
  const { found, text } = native("read_file", { path });
  if (!found) throw systemCallFailed("open", path, ERRNO.NOENT);
  return text;
}
