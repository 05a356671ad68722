/**
 * The value kinds that the OCI schemas are made of. The `message` of every schema here is the phrase that an
 * error shows after "accepted:".
 */

import * as v from "valibot";
import { ID_MAX } from "../kernel/id.ts";
import { isObject } from "./json.ts";
import type { Integer64 } from "./json-number.ts";

/** What JSON Schema (draft 7) can say of a schema that valibot does not know (json-schema.ts). */
export interface JsonSchemaPart {
  type?: "string" | "integer";
  minimum?: number | bigint;
  maximum?: number | bigint;
  minItems?: number;
  pattern?: string;
}

/** Gives a schema what it is in terms of JSON Schema. */
export function described<const Schema extends object>(schema: Schema, json: JsonSchemaPart): Schema {
  return Object.assign(schema, { json });
}

/** A string that can cross to the kernel: no NUL (it would be cut there), no lone surrogate (it has no UTF-8). */
export const text = described(v.custom<string>(isText, "a string without NUL bytes and lone surrogates"), {
  type: "string",
  pattern: "^[^\\u0000]*$",
});

/** As `text`, and not empty. */
export const nonEmptyText = described(
  v.custom<string>(
    (value) => isText(value) && value !== "",
    "a non-empty string without NUL bytes and lone surrogates",
  ),
  { type: "string", pattern: "^[^\\u0000]+$" },
);

export const absolutePath = described(
  v.custom<string>((value) => isText(value) && (value as string).startsWith("/"), "an absolute path"),
  { type: "string", pattern: "^/[^\\u0000]*$" },
);

export const boolean = v.boolean("true or false");

export const texts = listOf(text, "an array of strings");

export const uint16 = integer(0, 0xffff);
export const int32 = integer(-0x80000000, 0x7fffffff);
export const uint32 = integer(0, 0xffffffff);
/** A user or group ID. */
export const id = integer(0, ID_MAX, ` (${ID_MAX + 1} is no ID: to the kernel it means "no change")`);
export const int64 = integer64(-(1n << 63n), (1n << 63n) - 1n);
export const uint64 = integer64(0n, (1n << 64n) - 1n);

/** An integer that a JavaScript number holds exactly. `note`: what is said behind its range. */
export function integer(min: number, max: number, note = "") {
  const schema = v.custom<number>(
    (value) => typeof value === "number" && Number.isInteger(value) && value >= min && value <= max,
    // Messages are made on demand: a schema is built at every start, and rarely complains.
    () => `an integer from ${min} to ${max}${note}`,
  );
  return described(schema, { type: "integer", minimum: min, maximum: max });
}

function integer64(min: bigint, max: bigint) {
  const schema = v.custom<Integer64>(
    (value) => {
      if (typeof value === "bigint") return value >= min && value <= max;
      return typeof value === "number" && Number.isSafeInteger(value) && BigInt(value) >= min;
    },
    () => `an integer from ${min} to ${max}`,
  );
  return described(schema, { type: "integer", minimum: min, maximum: max });
}

/** One of a fixed list of words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return v.picklist(words, () => `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`);
}

/**
 * For a member of a struct that must be given explicitly: it has no default if it is missing (lenient.ts).
 */
export function explicit<const Schema extends v.GenericSchema>(schema: Schema): Schema {
  return { ...schema, explicit: true };
}

/** A JSON object with known members. Unknown members are up to the reader of the document (document.ts). */
export function struct<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.pipe(
    v.custom<Record<string, unknown>>(isObject, "an object"),
    v.strictObject(entries, "an object"),
  );
}

/** A JSON object whose members are all of one kind. */
export function structOf<const Name extends string, const Schema extends v.GenericSchema>(
  names: readonly Name[],
  schema: Schema,
) {
  return struct(Object.fromEntries(names.map((name) => [name, schema])) as Record<Name, Schema>);
}

/** An array; `message` is the phrase for anything else. */
export function listOf<const Schema extends v.GenericSchema>(schema: Schema, message = "an array") {
  return v.array(schema, message);
}

/**
 * A JSON object used as a map. The result has no prototype, so that every key, `__proto__` and
 * `constructor` too, is an ordinary one.
 */
export function mapOf<const Schema extends v.GenericSchema>(schema: Schema, message: string) {
  const map = v.pipe(
    v.custom<Record<string, unknown>>(isObject, message),
    v.rawTransform<Record<string, unknown>, Record<string, v.InferOutput<Schema>>>(
      ({ dataset, addIssue }) => {
        const input = dataset.value;
        const output: Record<string, v.InferOutput<Schema>> = Object.create(null);
        for (const key of Object.keys(input)) {
          const at = { type: "object", origin: "value", input, key, value: input[key] } as const;
          if (!isText(key)) {
            addIssue({
              message: "keys without NUL bytes and lone surrogates",
              input: key,
              path: [at],
            });
            continue;
          }
          const result = v.safeParse(schema, input[key]);
          if (result.success) {
            output[key] = result.output;
            continue;
          }
          for (const issue of result.issues) {
            const path = [at, ...((issue.path ?? []) as (typeof at)[])] as [typeof at, ...(typeof at)[]];
            addIssue({ message: issue.message, input: issue.input, path });
          }
        }
        return output;
      },
    ),
  );
  // For code that walks a schema: a transformation hides what it is made of.
  return Object.assign(map, { entry: schema });
}

function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0") && value.isWellFormed();
}
