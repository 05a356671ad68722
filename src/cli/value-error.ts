/** A command-line value that a parser refuses. The message says what was found and what is accepted. */

import { RuntimeError } from "../errors.ts";

export class ValueError extends RuntimeError {
  constructor(message: string) {
    super(message);
    this.name = "ValueError";
  }
}

/** What was found is of the right form, but no value that can be. */
export class RangeValueError extends ValueError {}

/** As Go's `%q`, near enough for messages: the value in double quotes, control characters escaped. */
export function quote(value: string): string {
  return JSON.stringify(value);
}
