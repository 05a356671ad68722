/** `create`: makes a container whose process waits for `start`. */

import { createContainer } from "../container/create.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"create"> = (options, [id], context) => {
  createContainer({ ...options, id, start: "socket", detach: true }, context);
  // The lock and the channel end with this process.
  return 0;
};
