/** `mounts add`, `mounts remove`: mounts of a running container. */

import { changeContainer } from "../container/container.ts";
import { changeMounts } from "../container/hot-mounts.ts";
import { UsageError } from "../failure/errors.ts";
import type { Handler } from "../verbs/verbs.ts";
import { readDocument } from "./document-source.ts";

export const run: Handler<"mounts"> = async (_options, [change, id, file], context) => {
  if (change !== "add" && change !== "remove") {
    throw new UsageError(`unknown action ${JSON.stringify(change)}: use add or remove`);
  }
  const { document, text } = await readDocument(file);
  return changeContainer(id, context, (container) => {
    changeMounts(container, change, text, document, context);
    return 0;
  });
};
