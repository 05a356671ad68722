/** `doctor`: what this host offers a container runtime, what fails without the rest, and how to get it. */

import { findEngineConfiguration } from "../doctor/engine/engine.ts";
import { gatherEngineFacts } from "../doctor/engine/gather.ts";
import { canRun, evaluate } from "../doctor/evaluate.ts";
import { gatherFacts } from "../doctor/gather.ts";
import { doctorText } from "../doctor/text.ts";
import type { Handler } from "../verbs/verbs.ts";

export const run: Handler<"doctor"> = ({ json, engine }) => {
  const findings =
    engine === undefined
      ? evaluate(gatherFacts())
      : findEngineConfiguration(engine, gatherEngineFacts(engine));
  const ok = canRun(findings);
  const about = engine === undefined ? {} : { engine };
  console.log(json ? JSON.stringify({ ok, ...about, findings }, null, 2) : doctorText(findings, engine));
  return ok ? 0 : 1;
};
