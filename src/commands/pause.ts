/** `pause`: freezes every process of a container. */

import { freezeCgroups } from "../cgroup/operate.ts";
import { cgroupsOf } from "../container/cgroups.ts";
import { changeContainer } from "../container/container.ts";
import { containerNotRunning } from "../failure/messages.ts";
import { native } from "../native/call.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"pause"> = (_options, [id], context) =>
  changeContainer(id, context, ({ record, status }) => {
    if (status !== "running" && status !== "created") throw containerNotRunning();
    freezeCgroups(native, cgroupsOf(record), true);
    return 0;
  });
