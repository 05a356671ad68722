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
  // Two counts tell of nearly every text that it is not.
  if (text.length <= DEPTH_MAX || countOf("[", text) + countOf("{", text) <= DEPTH_MAX) return false;
  let depth = 0;
  for (const [token] of text.matchAll(STRUCTURE)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}

function countOf(character: string, text: string): number {
  return text.split(character).length - 1;
}
