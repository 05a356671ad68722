/** `pause`: freezes every process of a container. */

import { freezeCgroups } from "../cgroup/operate.ts";
import { cgroupsOf } from "../container/cgroups.ts";
import { changeContainer } from "../container/container.ts";
import { containerNotRunning } from "../failure/messages.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"pause"> = (_options, [id], context) =>
  changeContainer(id, context, ({ record, status }) => {
    if (status !== "running" && status !== "created") throw containerNotRunning();
    freezeCgroups(cgroupsOf(record), true);
    return 0;
  });
