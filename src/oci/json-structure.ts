/**
 * The structure of a JSON text, before it is parsed: what is no string (brackets, commas, colons, numbers, true, false,
 * null and space), and how deep it is nested.
 */

/**
 * `[1,"a\"b",null]` → `[1,,null]`. Most of a document is strings, and a pattern looks at one character after the other, which
 * is slow in a process that compiles nothing: here the engine's own searches go over them. Of a text that is not JSON the
 * part before its first mistake is right.
 */
export function withoutStrings(text: string): string {
  // In this order: what is left before a quote then escapes it.
  const plain = text.includes("\\") ? text.replaceAll("\\\\", "").replaceAll('\\"', "") : text;
  const pieces = plain.split('"');
  let structure = "";
  for (let index = 0; index < pieces.length; index += 2) structure += pieces[index];
  return structure;
}

/**
 * The specification's documents have ten levels or so. Go, and so runc, takes ten thousand; the engine's stack ends
 * before that when JSON.parse is given a reviver. What reads values may recurse this far.
 */
export const DEPTH_MAX = 1_000;

/** Whether values are nested more than DEPTH_MAX deep. `structure`: of `withoutStrings`. */
export function isTooDeep(structure: string): boolean {
  // Of nearly every text this tells that it is not.
  if (structure.split("[").length + structure.split("{").length <= DEPTH_MAX) return false;
  let depth = 0;
  for (const [bracket] of structure.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}
