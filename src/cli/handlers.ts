/**
 * Verb → its handler in src/commands, loaded only when the verb is asked for: a literal require() keeps the
 * module in the executable but does not evaluate it (and is cheaper than import(), which makes a promise).
 */

import type { Handler, VerbName } from "../verbs/verbs.ts";

type Handlers = { readonly [Verb in VerbName]: () => Handler<Verb> };

const handlers: Handlers = {
  checkpoint: () => command(require("../commands/checkpoint.ts")),
  create: () => command(require("../commands/create.ts")),
  delete: () => command(require("../commands/delete.ts")),
  doctor: () => command(require("../commands/doctor.ts")),
  events: () => command(require("../commands/events.ts")),
  explain: () => command(require("../commands/explain.ts")),
  features: () => command(require("../commands/features.ts")),
  exec: () => command(require("../commands/exec.ts")),
  kill: () => command(require("../commands/kill.ts")),
  list: () => command(require("../commands/list.ts")),
  mounts: () => command(require("../commands/mounts.ts")),
  pause: () => command(require("../commands/pause.ts")),
  ps: () => command(require("../commands/ps.ts")),
  restore: () => command(require("../commands/restore.ts")),
  resume: () => command(require("../commands/resume.ts")),
  run: () => command(require("../commands/run.ts")),
  spec: () => command(require("../commands/spec.ts")),
  start: () => command(require("../commands/start.ts")),
  state: () => command(require("../commands/state.ts")),
  update: () => command(require("../commands/update.ts")),
  validate: () => command(require("../commands/validate.ts")),
};

/** What every module in src/commands exports. */
function command<Verb extends VerbName>(module: { run: Handler<Verb> }): Handler<Verb> {
  return module.run;
}

/** The handler of a verb; its module is evaluated by the first call. */
export function loadHandler(verb: VerbName): Handler<VerbName> {
  // The invocation's verb, options and args belong together (program.ts made them from one Command).
  return handlers[verb]() as Handler<VerbName>;
}
