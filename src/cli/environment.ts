/** `--env NAME=value`. */

import { quote, ValueError } from "./value-error.ts";

/** The text itself, checked as runc checks the environment. Throws ValueError. */
export function parseEnvironmentVariable(text: string): string {
  const equals = text.indexOf("=");
  if (equals === -1) {
    throw new ValueError(`invalid environment variable: missing '=' in ${quote(text)} (NAME=value)`);
  }
  if (equals === 0) {
    throw new ValueError(`invalid environment variable: name cannot be empty in ${quote(text)} (NAME=value)`);
  }
  return text;
}
