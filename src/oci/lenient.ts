/**
 * A document read as runc's parser reads it, Go's encoding/json: a name in any case, a name more than once,
 * null where an item should be, a required member left out. A part of its own: a document that matches its
 * schema does not need it.
 *
 * The value follows the schema: what has no place in it is left out (runtime-spec, Extensibility), and what
 * stays wrong is for the schema to refuse. Everything that is taken for something else gets a warning.
 */

import type { GenericSchema } from "valibot";
import { didYouMean } from "../failure/suggestion.ts";
import type { Warning } from "../failure/warning.ts";
import { describeFound, formatPath } from "./issue.ts";
import { isObject, parseExactly } from "./json.ts";
import { type AnySchema, shapeOf } from "./schema-shape.ts";

interface LenientReading {
  value: unknown;
  warnings: Warning[];
}

/** `text` is JSON, or JSON with something behind it. */
export function readLeniently(schema: GenericSchema, text: string): LenientReading {
  const reading = new Reading();
  const end = endOfDocument(text);
  if (text.slice(end).trim() !== "") {
    const message = "text after the end of the JSON document is ignored";
    reading.warnings.push({ found: describeFound(text.slice(end)), message });
  }
  const raw = parseExactly(numberNames(text.slice(0, end)));
  const value = reading.read(schema, raw, undefined, []);
  return { value: value === undefined ? raw : value, warnings: reading.warnings };
}

const STRINGS_AND_BRACKETS = /"(?:[^"\\]|\\.)*"|[[\]{}]/g;
const STRINGS = /"((?:[^"\\]|\\.)*"\s*:?)/g;

/** Whether a text is a JSON document with something behind it. */
export function hasTextBehind(text: string): boolean {
  const end = endOfDocument(text);
  if (text.slice(end).trim() === "") return false;
  try {
    parseExactly(text.slice(0, end));
    return true;
  } catch {
    return false;
  }
}

/** Where the first object or array of a text ends; the text's length if none ends. */
function endOfDocument(text: string): number {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(STRINGS_AND_BRACKETS)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    if (depth <= 0) return token.startsWith('"') ? text.length : index + 1;
  }
  return text.length;
}

/** Every name with a number in front, "7:args", so that JSON.parse keeps duplicates and their order. */
function numberNames(text: string): string {
  let count = 0;
  return text.replaceAll(STRINGS, (whole, rest: string) =>
    whole.endsWith(":") ? `"${count++}:${rest}` : whole,
  );
}

const nameOf = (numbered: string) => numbered.slice(numbered.indexOf(":") + 1);

type Path = readonly (string | number)[];

class Reading {
  readonly warnings: Warning[] = [];

  /** `found`: with numbered names. `message`: what follows the path. */
  private warn(path: Path, found: unknown, message: string): void {
    const place = formatPath(path);
    const text = describeFound(withoutNumbers(found));
    this.warnings.push({ path: place, found: text, message: `${place} ${message}` });
  }

  /** `before`: what the same member was given by an earlier occurrence. */
  read(schema: unknown, raw: unknown, before: unknown, path: Path): unknown {
    if (raw === null) return before;
    const { members, item, entry } = shapeOf(schema);
    if (members !== undefined && isObject(raw)) return this.object(members, raw, before, path);
    if (entry !== undefined && isObject(raw)) return this.map(entry, raw, before, path);
    if (item !== undefined && Array.isArray(raw)) {
      return raw.map((each, index) => this.item(item, each, [...path, index]));
    }
    return withoutNumbers(raw);
  }

  private object(
    members: Readonly<Record<string, AnySchema>>,
    raw: Readonly<Record<string, unknown>>,
    before: unknown,
    path: Path,
  ): unknown {
    const value: Record<string, unknown> = isObject(before) ? { ...before } : {};
    const seen = new Set<string>();
    for (const [numbered, member] of Object.entries(raw)) {
      const found = nameOf(numbered);
      const name = knownName(members, found);
      if (name === undefined) {
        this.warnOfMisspelt([...path, found], member, Object.keys(members));
        continue;
      }
      const place = [...path, name];
      if (name !== found) {
        this.warn([...path, found], member, `is read as ${name}: case matters in names`);
      }
      if (seen.has(name)) {
        this.warn(
          place,
          member,
          "appears more than once: objects are merged, of other values the last one counts",
        );
      }
      seen.add(name);
      const result = this.read(members[name], member, value[name], place);
      if (result !== undefined) value[name] = result;
    }
    for (const [name, schema] of Object.entries(members)) {
      if (name in value || isOptional(schema) || schema.explicit) continue;
      const zero = zeroOf(schema);
      if (zero === undefined || !isValid(schema, zero)) continue;
      this.warn([...path, name], undefined, `is missing: ${describeFound(zero)} is used`);
      value[name] = zero;
    }
    return value;
  }

  /** Other unknown members may be meant for other programs, as are the keys of maps, such as annotations. */
  private warnOfMisspelt(path: Path, member: unknown, known: readonly string[]): void {
    const name = String(path.at(-1));
    const suggestion = didYouMean(name, known);
    if (suggestion === "") return;
    const message = `ignoring unknown member ${JSON.stringify(name)}${suggestion}`;
    this.warnings.push({ path: formatPath(path), found: describeFound(withoutNumbers(member)), message });
  }

  private map(
    entry: AnySchema,
    raw: Readonly<Record<string, unknown>>,
    before: unknown,
    path: Path,
  ): unknown {
    const value: Record<string, unknown> = Object.assign(Object.create(null), before);
    for (const [numbered, member] of Object.entries(raw)) {
      const key = nameOf(numbered);
      const place = [...path, key];
      if (key in value) this.warn(place, member, "appears more than once: the last one counts");
      const result = this.item(entry, member, place);
      if (result !== undefined) value[key] = result;
    }
    return value;
  }

  private item(schema: AnySchema, raw: unknown, path: Path): unknown {
    if (raw !== null) return this.read(schema, raw, undefined, path);
    const isStruct = shapeOf(schema).members !== undefined;
    const zero = zeroOf(schema);
    if (!isStruct && !isValid(schema, zero)) return null;
    this.warn(path, null, `is null: ${describeFound(zero)} is used`);
    return isStruct ? this.read(schema, {}, undefined, path) : zero;
  }
}

/** The name in the schema that Go takes for `found`: the same, or the same but for case. */
function knownName(entries: Readonly<Record<string, unknown>>, found: string): string | undefined {
  if (Object.hasOwn(entries, found)) return found;
  const folded = fold(found);
  return Object.keys(entries).find((name) => fold(name) === folded);
}

/** Unicode's simple folding, for names of ASCII letters: two letters beyond ASCII fold to one of them. */
function fold(name: string): string {
  return name
    .replaceAll("\u017f", "s")
    .replaceAll("\u212a", "k")
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Go's zero value for a missing member. undefined: there is none. */
function zeroOf(schema: AnySchema): unknown {
  const { members, item, entry } = shapeOf(schema);
  if (members !== undefined || entry !== undefined) return {};
  if (item !== undefined) return [];
  if (isValid(schema, false)) return false;
  // Whether a custom schema takes texts or numbers shows only when it is run.
  return ["", 0].find((zero) => isValid(schema, zero)) ?? (isValid(schema, "text") ? "" : undefined);
}

function isOptional({ type }: AnySchema): boolean {
  return type === "optional" || type === "exact_optional";
}

function isValid(schema: AnySchema, value: unknown): boolean {
  const run = (schema as unknown as GenericSchema)["~run"];
  return run.call(schema, { value }, {}).issues === undefined;
}

/** The value as it stands in the document. */
function withoutNumbers(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map(withoutNumbers);
  if (!isObject(raw)) return raw;
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [nameOf(name), withoutNumbers(value)]),
  );
}
