/** What can be read out of a valibot schema: its members, items, words and phrase. */

import type { JsonSchemaPart } from "./primitives.ts";

export interface AnySchema {
  type?: string;
  pipe?: readonly AnySchema[];
  entries?: Readonly<Record<string, AnySchema>>;
  item?: AnySchema;
  entry?: AnySchema;
  options?: unknown[];
  wrapped?: AnySchema;
  default?: unknown;
  message?: unknown;
  json?: JsonSchemaPart;
  explicit?: boolean;
}

interface Shape {
  /** Of an object: those that it may have. */
  members: AnySchema["entries"];
  /** Of a list: the schema of its items. */
  item: AnySchema | undefined;
  /** Of a map: the schema of its values. */
  entry: AnySchema | undefined;
  /** Those that a value may be. */
  words: string[] | undefined;
}

export function shapeOf(schema: unknown): Shape {
  const { entries, item, entry, options } = unwrap(schema);
  return { members: entries, item, entry, words: options?.filter((word) => typeof word === "string") };
}

/** `members`: names, and numbers for items of lists. Undefined: no schema has such a place. */
export function schemaAt(schema: unknown, members: readonly unknown[]): unknown {
  return members.reduce((at, member) => {
    const shape = shapeOf(at);
    return typeof member === "number" ? shape.item : shape.members?.[String(member)];
  }, schema);
}

function unwrap(schema: unknown): AnySchema {
  let at = (schema ?? {}) as AnySchema;
  for (;;) {
    if (at.entry !== undefined) return at;
    if (at.wrapped !== undefined) at = at.wrapped;
    else if (at.pipe !== undefined) at = at.pipe.find(hasChildren) ?? { message: at.message };
    else return at;
  }
}

function hasChildren({ entries, item, pipe }: AnySchema): boolean {
  return entries !== undefined || item !== undefined || pipe !== undefined;
}

/** The phrase behind "accepted:". */
export function messageOf(schema: unknown): string | undefined {
  const at = schema as AnySchema | undefined;
  const message = at?.message ?? at?.pipe?.[0]?.message;
  if (typeof message === "function") return String(message());
  return typeof message === "string" ? message : undefined;
}
