/** `resume`: lets the processes of a paused container go on. */

import { freezeCgroups } from "../cgroup/operate.ts";
import { cgroupsOf } from "../container/cgroups.ts";
import { changeContainer } from "../container/container.ts";
import { containerNotPaused } from "../failure/messages.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"resume"> = (_options, [id], context) =>
  changeContainer(id, context, ({ record, status }) => {
    if (status !== "paused") throw containerNotPaused();
    freezeCgroups(cgroupsOf(record), false);
    return 0;
  });
