/** From text to a checked value by a schema, with every mistake in the project's own form. */

import * as v from "valibot";
import type { Warning } from "../warning.ts";
import { describeFound, formatPath, type Issue } from "./issue.ts";
import { sentenceFor } from "./sentences.ts";

/** A checked document and what its author should know but need not change. */
export interface Loaded<T> {
  value: T;
  warnings: Warning[];
}

/** Runs a schema and turns its issues into ours. The output of a failed run is only partly of its type. */
export function check(schema: v.GenericSchema, value: unknown): { output: unknown; issues: Issue[] } {
  const result = v.safeParse(schema, value);
  if (result.success) return { output: result.output, issues: [] };
  const issues = result.issues.map((issue): Issue => {
    const members = (issue.path ?? []).map((item) => item.key);
    const missing = issue.path?.at(-1)?.origin === "key";
    const path = formatPath(members);
    const found = describeFound(issue.input);
    const accepted = missing ? `${acceptedAt(schema, members)} (required)` : issue.message;
    const message = sentenceFor(path, found);
    return message === undefined ? { path, found, accepted } : { path, found, accepted, message };
  });
  return { output: result.output, issues };
}

/** The phrase of the schema at a path, for members that are missing (valibot reports their parent's). */
function acceptedAt(schema: v.GenericSchema, members: readonly unknown[]): string {
  let at: unknown = schema;
  for (const member of members) at = childSchema(at, member);
  return messageOf(at) ?? "a value";
}

interface AnySchema {
  pipe?: unknown[];
  entries?: Record<string, unknown>;
  item?: unknown;
  wrapped?: unknown;
  message?: unknown;
}

function childSchema(schema: unknown, member: unknown): unknown {
  const { entries, item } = unwrap(schema);
  return typeof member === "number" ? item : entries?.[String(member)];
}

function unwrap(schema: unknown): AnySchema {
  let at = (schema ?? {}) as AnySchema;
  for (;;) {
    if (at.wrapped !== undefined) at = at.wrapped as AnySchema;
    else if (at.pipe !== undefined) at = (at.pipe.find(hasChildren) ?? { message: at.message }) as AnySchema;
    else return at;
  }
}

function hasChildren(schema: unknown): boolean {
  const { entries, item, pipe } = schema as AnySchema;
  return entries !== undefined || item !== undefined || pipe !== undefined;
}

function messageOf(schema: unknown): string | undefined {
  const at = schema as AnySchema | undefined;
  const message = at?.message ?? (at?.pipe?.[0] as AnySchema | undefined)?.message;
  if (typeof message === "function") return String(message());
  return typeof message === "string" ? message : undefined;
}
