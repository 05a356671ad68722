/** How deep a JSON text is nested, found out before it is parsed. */

/**
 * The specification's documents have ten levels or so. Go, and so runc, takes ten thousand; the engine's stack ends
 * before that when JSON.parse is given a reviver. What reads values may recurse this far.
 */
export const DEPTH_MAX = 1_000;

/** Strings and brackets; for matchAll. */
export const STRUCTURE = /"(?:[^"\\]|\\.)*"|[[\]{}]/g;

/** Whether values are nested more than DEPTH_MAX deep. */
export function isTooDeep(text: string): boolean {
  if (!hasManyBrackets(text)) return false;
  let depth = 0;
  for (const [token] of text.matchAll(STRUCTURE)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}

/** What tells of nearly every text that it is not too deep, without a look at its structure. */
function hasManyBrackets(text: string): boolean {
  let count = 0;
  for (const bracket of ["[", "{"]) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      count += 1;
      if (count > DEPTH_MAX) return true;
    }
  }
  return false;
}
