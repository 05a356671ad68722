/** `state`: the container's state as JSON. */

import { openContainer } from "../container/container.ts";
import { containerState } from "../container/state-json.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"state"> = (_options, [id], context) => {
  const { record, status } = openContainer(id, context);
  console.log(JSON.stringify(containerState(record, status), null, 2));
  return 0;
};
