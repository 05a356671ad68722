/** A specification that is being edited: config.json as written, with its unknown members. */

import type { GenericSchema } from "valibot";
import type { Config } from "../oci/config.ts";
import { check, type Loaded, loaded } from "../oci/document.ts";
import { isObject, parseDocument } from "../oci/json.ts";
import { readLeniently } from "../oci/lenient.ts";
import { shapeOf } from "../oci/schema-shape.ts";

type Partly<T> = T extends readonly (infer Item)[]
  ? Partly<Item>[]
  : T extends object
    ? { [Key in keyof T]?: Partly<T[Key]> | undefined }
    : T;

export type Draft = Partly<Config>;

export type DraftSeccomp = NonNullable<NonNullable<Draft["linux"]>["seccomp"]>;

/**
 * Reads a document to be changed or taken over, as create would read it. Throws RuntimeError with every
 * mistake of its shape. `document` names it in errors. The warnings say what was read as something else.
 */
export function readDraft(schema: GenericSchema, document: string, text: string): Loaded<unknown> {
  const raw = parseDocument(document, text);
  const { value, warnings } = readLeniently(schema, text);
  loaded(document, { ...check(schema, value), warnings });
  keepUnknown(schema, raw, value);
  return { value, warnings };
}

/** Adds the members of `raw` that no schema knows: other programs may read them. */
function keepUnknown(schema: unknown, raw: unknown, value: unknown): void {
  const { members, item, entry } = shapeOf(schema);
  if (Array.isArray(raw) && Array.isArray(value)) {
    for (const [index, each] of raw.entries()) keepUnknown(item, each, value[index]);
  } else if (isObject(raw) && isObject(value)) {
    if (members === undefined && entry === undefined) return;
    const known = new Set(Object.keys(members ?? {}).map((name) => name.toLowerCase()));
    for (const [name, member] of Object.entries(raw)) {
      if (name in value) keepUnknown(entry ?? members?.[name], member, value[name]);
      else if (members !== undefined && !known.has(name.toLowerCase())) value[name] = member;
    }
  }
}
