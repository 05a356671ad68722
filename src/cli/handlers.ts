/**
 * Verb → its handler in src/commands, loaded only when the verb is asked for: a literal require() keeps the
 * module in the executable but does not evaluate it (and is cheaper than import(), which makes a promise).
 */

import type { Handler, VerbName } from "./verbs.ts";

type Handlers = { readonly [Verb in VerbName]?: () => Handler<Verb> };

/** A verb without an entry is on the command line already, but its command is not written yet. */
const handlers: Handlers = {
  delete: () => (require("../commands/delete.ts") as typeof import("../commands/delete.ts")).run,
  kill: () => (require("../commands/kill.ts") as typeof import("../commands/kill.ts")).run,
  list: () => (require("../commands/list.ts") as typeof import("../commands/list.ts")).run,
  pause: () => (require("../commands/pause.ts") as typeof import("../commands/pause.ts")).run,
  resume: () => (require("../commands/resume.ts") as typeof import("../commands/resume.ts")).run,
  start: () => (require("../commands/start.ts") as typeof import("../commands/start.ts")).run,
  state: () => (require("../commands/state.ts") as typeof import("../commands/state.ts")).run,
};

/** The handler of a verb; undefined when this version has none. */
export function loadHandler(verb: VerbName): Handler<VerbName> | undefined {
  // The invocation's verb, options and args belong together (program.ts made them from one Command).
  return handlers[verb]?.() as Handler<VerbName> | undefined;
}
