/**
 * Unknown members that look like a misspelt known one. Others may be meant for other programs (runtime-spec,
 * Extensibility), as are the keys of maps, such as annotations.
 */

import { didYouMean } from "../failure/suggestion.ts";
import type { Warning } from "../failure/warning.ts";
import { describeFound, formatPath } from "./issue.ts";

/** `path`: of the member. `known`: the names that its object may have. */
export function misspeltMember(
  path: readonly (string | number)[],
  value: unknown,
  known: readonly string[],
): Warning | undefined {
  const name = String(path.at(-1));
  const suggestion = didYouMean(name, known);
  if (suggestion === "") return undefined;
  const message = `ignoring unknown member ${JSON.stringify(name)}${suggestion}`;
  return { path: formatPath(path), found: describeFound(value), message };
}
