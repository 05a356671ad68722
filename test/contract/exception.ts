/** A failure after which a command continues, or reports something other than the kernel's errno. The first matching row counts. */
export interface Exception {
  /** The beginning of the call's text. */
  call: string;
  /** A part of the call's text. */
  holds?: string;
  /** The call of the core; any if absent. */
  subject?: string;
  /** The name in host-scenarios.ts; any if absent. */
  scenario?: string;
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
