/**
 * JSON as it comes from outside: config.json, process.json, resources.
 *
 * Three things JSON.parse alone does not give: integers beyond 2^53 keep every digit (they become bigint); a number that is
 * not written as an integer is none (1e3 and 1.0 become symbols, which no schema takes for one); and `null` means "not set".
 * So does Go's encoding/json read it: Go clients write `"mounts": null` for an empty slice.
 */

import { jsonError } from "./json-error.ts";
import { isSpecialNumber, numberText } from "./json-number.ts";
import { DEPTH_MAX, isTooDeep, withoutStrings } from "./json-structure.ts";

/** Of a text without its strings: too many digits, or a number with a point or an exponent. */
const SPECIAL_NUMBER = /\d{16}|[.eE][\d+-]/;
const NULL_MEMBER = /:\s*null/;
const INTEGER = /^-?\d+$/;

/** Parses JSON text. Throws SyntaxError for text that is not JSON, or is nested too deep. Of duplicate keys the last one wins. */
export function parseJson(text: string): unknown {
  const structure = withoutStrings(text);
  const value = parseWith(structure, text);
  if (NULL_MEMBER.test(structure)) removeNulls(value);
  return value;
}

/** `document` names it in errors. Throws RuntimeError that says where the text is not JSON. */
export function parseDocument(document: string, source: string): unknown {
  try {
    return parseJson(source);
  } catch (error) {
    // Loaded only after a mistake.
    throw jsonError(document, source, error);
  }
}

/** The same with the nulls. */
export function parseExactly(text: string): unknown {
  return parseWith(withoutStrings(text), text);
}

function parseWith(structure: string, text: string): unknown {
  if (isTooDeep(structure)) throw new SyntaxError(`more than ${DEPTH_MAX} levels of nesting`);
  return SPECIAL_NUMBER.test(structure) ? JSON.parse(text, keepNumber) : JSON.parse(text);
}

/**
 * Whether an object in `text` has a name more than once, of which `value`, what parseJson made of it, has the
 * last. A colon stands behind every name and in strings: when the value has as many, no name is lost.
 * Sometimes true without a duplicate.
 */
export function mayRepeatNames(text: string, value: unknown): boolean {
  if (text.includes("\\u003a") || text.includes("\\u003A")) return true;
  const structure = withoutStrings(text);
  const isChanged = SPECIAL_NUMBER.test(structure) || NULL_MEMBER.test(structure);
  const whole = isChanged ? JSON.parse(text) : value;
  return countOf(":", text) !== countOf(":", JSON.stringify(whole));
}

function countOf(character: string, text: string): number {
  return text.split(character).length;
}

/** JSON.stringify for what `parseJson` gives: all numbers are written as they were. */
export function stringifyJson(value: unknown, indent?: string | number): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => (isSpecialNumber(item) ? rawNumber(item) : item),
    indent,
  );
}

/** The reviver of the proposal "JSON.parse source text access"; the type library does not know it yet. */
function keepNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined) return value;
  if (!INTEGER.test(source)) return Symbol(source);
  return Number.isSafeInteger(value) ? value : BigInt(source);
}

function rawNumber(value: bigint | symbol): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(numberText(value));
}

/** Members only: a null in an array is an error that the schema reports. */
function removeNulls(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) removeNulls(item);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (value[key] === null) delete value[key];
      else removeNulls(value[key]);
    }
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
