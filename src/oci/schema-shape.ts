/** What can be read out of a valibot schema: its members, items, words and phrase. */

interface AnySchema {
  pipe?: unknown[];
  entries?: Record<string, unknown>;
  item?: unknown;
  entry?: unknown;
  options?: unknown[];
  wrapped?: unknown;
  message?: unknown;
}

/** `members`: names, and numbers for items of lists. Undefined: no schema has such a place. */
export function schemaAt(schema: unknown, members: readonly unknown[]): unknown {
  let at = schema;
  for (const member of members)
    at = typeof member === "number" ? itemOf(at) : membersOf(at)?.[String(member)];
  return at;
}

/** The known members of an object; undefined: it is not an object, or a map. */
export function membersOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  return unwrap(schema).entries;
}

/** Of a list. */
export function itemOf(schema: unknown): unknown {
  return unwrap(schema).item;
}

/** Of a map: the schema of its values. */
export function entryOf(schema: unknown): unknown {
  return unwrap(schema).entry;
}

/** The words that a value may be. */
export function wordsOf(schema: unknown): string[] | undefined {
  return unwrap(schema).options?.filter((word) => typeof word === "string");
}

function unwrap(schema: unknown): AnySchema {
  let at = (schema ?? {}) as AnySchema;
  for (;;) {
    if (at.entry !== undefined) return at;
    if (at.wrapped !== undefined) at = at.wrapped as AnySchema;
    else if (at.pipe !== undefined) at = (at.pipe.find(hasChildren) ?? { message: at.message }) as AnySchema;
    else return at;
  }
}

function hasChildren(schema: unknown): boolean {
  const { entries, item, pipe } = schema as AnySchema;
  return entries !== undefined || item !== undefined || pipe !== undefined;
}

/** The phrase behind "accepted:". */
export function messageOf(schema: unknown): string | undefined {
  const at = schema as AnySchema | undefined;
  const message = at?.message ?? (at?.pipe?.[0] as AnySchema | undefined)?.message;
  if (typeof message === "function") return String(message());
  return typeof message === "string" ? message : undefined;
}
