/** A rule between fields of a configuration, and what it is given. */

import type { HostFacts } from "../../host/host.ts";

/** What the rules need to know beyond the document. */
export interface ProcessFacts {
  host: HostFacts;
  /** `--no-pivot`. */
  noPivot: boolean;
  /** Whether the cgroup manager runs rootless (`--rootless`). */
  rootlessCgroups: boolean;
}

export interface ValidationFacts extends ProcessFacts {
  /** Absolute path of the bundle. */
  bundle: string;
}

/** Where rules put what they find. */
export interface Report {
  /** Whether the schema found nothing wrong at or below a path. For the items of lists read as "mounts[]". */
  isSound(path: string): boolean;
  /** The value at `path` is wrong. `message`: the sentence for the rule that is broken. */
  issue(path: string, accepted: string, message?: string): void;
  /** `found`: what is shown in place of the value at `path`. */
  issueOf(path: string, found: unknown, accepted: string, message?: string): void;
  /** For a configuration that is accepted all the same. `message`: what is done instead. */
  warn(path: string, message: string): void;
}

/** One rule, for documents of type T. */
export interface Rule<T, Facts = ValidationFacts> {
  /** Paths of the members that the rule reads; "mounts[]": it skips unsound items itself. */
  reads: readonly string[];
  check: (document: T, report: Report, facts: Facts) => void;
}

export function rule<T, Facts>(reads: readonly string[], check: Rule<T, Facts>["check"]): Rule<T, Facts> {
  return { reads, check };
}
