/** `doctor`: what this host offers a container runtime, what fails without the rest, and how to get it. */

import { canRun, evaluate } from "../doctor/evaluate.ts";
import { gatherFacts } from "../doctor/gather.ts";
import { doctorText } from "../doctor/text.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"doctor"> = ({ json }) => {
  const findings = evaluate(gatherFacts());
  const ok = canRun(findings);
  console.log(json ? JSON.stringify({ ok, findings }, null, 2) : doctorText(findings));
  return ok ? 0 : 1;
};
