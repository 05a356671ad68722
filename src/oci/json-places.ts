/**
 * Where in a JSON text the value at a path stands. The text was parsed before: here it is read again, without recursion,
 * for who wants to be shown the place.
 */

import { pathMembers } from "./issue.ts";

export interface Place {
  /** Both from 1; columns are characters (code points). */
  line: number;
  column: number;
}

interface Value {
  /** Index into the text. */
  at: number;
  members?: Map<string, Value>;
  items?: Value[];
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}]|[^\s[\]{},:"]+/g;
const COLON = /\s*:/y;

/**
 * A function from paths as errors have them ("mounts[3].type") to places: of the value; of what is nearest
 * around it, where it is missing. Names that differ only in case are the same if there is no exact match, as
 * for Go's parser.
 */
export function placesIn(text: string): (path: string) => Place {
  const root = readValues(text);
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  return (path) => {
    let value = root;
    for (const member of pathMembers(path)) {
      const next = typeof member === "number" ? value.items?.[member] : memberOf(value, member);
      if (next === undefined) break;
      value = next;
    }
    return placeOf(text, lineStarts, value.at);
  };
}

function memberOf({ members }: Value, name: string): Value | undefined {
  const exact = members?.get(name);
  if (exact !== undefined || members === undefined) return exact;
  const folded = name.toLowerCase();
  for (const [other, value] of members) if (other.toLowerCase() === folded) return value;
  return undefined;
}

/** Of a name that stands there twice, the last value. */
function readValues(text: string): Value {
  const root: Value = { at: Math.max(0, text.search(/\S/)) };
  const open: Value[] = [];
  let name: string | undefined;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === "}" || token === "]") {
      open.pop();
      if (open.length === 0) return root;
      continue;
    }
    const parent = open.at(-1);
    if (parent?.members !== undefined && name === undefined && isName(text, index + token.length)) {
      name = JSON.parse(token) as string;
      continue;
    }
    const value: Value = parent === undefined ? root : { at: index };
    if (token === "{") value.members = new Map();
    else if (token === "[") value.items = [];
    if (name !== undefined) parent?.members?.set(name, value);
    parent?.items?.push(value);
    name = undefined;
    if (token === "{" || token === "[") open.push(value);
  }
  return root;
}

function isName(text: string, end: number): boolean {
  COLON.lastIndex = end;
  return COLON.test(text);
}

function placeOf(text: string, lineStarts: readonly number[], at: number): Place {
  let [low, high] = [0, lineStarts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] as number) <= at) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: [...text.slice(lineStarts[low], at)].length + 1 };
}
