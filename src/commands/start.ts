/** `start`: lets a created container execute its program. */

import type { Handler } from "../cli/verbs.ts";
import { changeContainer } from "../container/container.ts";
import { startContainer } from "../container/start.ts";

export const run: Handler<"start"> = (_options, [id], context) =>
  changeContainer(id, context, (container) => {
    startContainer(container);
    return 0;
  });
