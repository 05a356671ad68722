/** `resume`: lets the processes of a paused container go on. */

import { freezeCgroups } from "../cgroup/operate.ts";
import type { Handler } from "../cli/verbs.ts";
import { cgroupsOf } from "../container/cgroups.ts";
import { changeContainer } from "../container/container.ts";
import { containerNotPaused } from "../messages.ts";
import { native } from "../native/call.ts";

export const run: Handler<"resume"> = (_options, [id], context) =>
  changeContainer(id, context, ({ record, status }) => {
    if (status !== "paused") throw containerNotPaused();
    freezeCgroups(native, cgroupsOf(record), false);
    return 0;
  });
