/** A failure after which a command goes on, or says something else than the kernel does. The first row that matches counts. */
export interface Exception {
  /** How the call begins. */
  call: string;
  /** Stands in it. */
  holds?: string;
  /** The call of the core; absent: any. */
  subject?: string;
  /** Of host-scenarios.ts; absent: any. */
  scenario?: string;
  errnos?: readonly number[];
  /** The last call of these words only. */
  last?: true;
  /** Something is not there, so nothing is done to it. */
  lessDone?: true;
  /** It becomes an error that says more than this errno. */
  otherError?: true;
  /** What is there belongs to somebody else, or cannot be taken back. */
  leaves?: true;
  why: string;
}
