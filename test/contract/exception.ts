/** A failure after which a command continues, or reports something other than the kernel's errno. The first matching row counts. */
export interface Exception {
  /** The beginning of the call's text; of several, one. */
  call: string | readonly string[];
  /** A part of the call's text; of several, one. */
  holds?: string | readonly string[];
  /** The call of the core; any if absent. */
  subject?: string;
  /** The name in host-scenarios.ts, or names; any if absent. */
  scenario?: string | readonly string[];
  errnos?: readonly number[];
  /** Only the last call with this text. */
  last?: true;
  /** Something is missing, so less is done. */
  lessDone?: true;
  /** It becomes an error that says more than the errno. */
  otherError?: true;
  /** What remains belongs to another process, or cannot be undone. */
  leaves?: true;
  why: string;
}
