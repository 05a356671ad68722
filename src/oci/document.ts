/** From text to a value checked by a schema, with every mistake as an Issue. */

import * as v from "valibot";
import type { Warning } from "../failure/warning.ts";
import { configError, describeFound, formatPath, type Issue } from "./issue.ts";
import { mayRepeatNames, parseDocument } from "./json.ts";
import { messageOf, schemaAt, shapeOf } from "./schema-shape.ts";
import { sentenceFor } from "./sentences.ts";

/** A checked document, and warnings for its author. */
export interface Loaded<T> {
  value: T;
  warnings: Warning[];
}

export interface Findings {
  issues: Issue[];
  /** What was taken for something else. */
  warnings: Warning[];
}

export interface Reading extends Findings {
  /** Only partly of the schema's type if there are issues. */
  output: unknown;
}

/** What was read, of the type T if there are no issues: with any, throws RuntimeError with all of them in configErrors. */
export function loaded<T>(document: string, { output, issues, warnings }: Reading): Loaded<T> {
  if (issues.length > 0) throw configError(document, issues, warnings);
  return { value: output as T, warnings };
}

/** The same with what else was found. */
export function withFindings<Known extends Findings>(known: Known, more: Findings): Known {
  const issues = [...known.issues, ...more.issues];
  return { ...known, issues, warnings: [...known.warnings, ...more.warnings] };
}

/**
 * Reads a document by its schema, as runc reads it: what the schema refuses is read again with Go's
 * tolerance. `document` names it in errors. Throws RuntimeError for text that is not JSON.
 */
export function checkDocument(schema: v.GenericSchema, document: string, source: string): Reading {
  const strict = readStrictly(schema, document, source);
  if (strict !== undefined) return { output: strict, issues: [], warnings: [] };
  // Most documents do not need it, and each start would have it in its memory (src/native/call.ts has the figure).
  const { readLeniently }: typeof import("./lenient.ts") = require("./lenient.ts");
  const { value, warnings } = readLeniently(schema, source);
  return { ...check(schema, value), warnings };
}

/** undefined: the document is not right. */
function readStrictly(schema: v.GenericSchema, document: string, source: string): unknown {
  let value: unknown;
  try {
    value = parseDocument(document, source);
  } catch (error) {
    const { hasTextBehind }: typeof import("./lenient.ts") = require("./lenient.ts");
    if (hasTextBehind(source)) return undefined;
    throw error;
  }
  const result = v.safeParse(schema, value);
  return result.success && !mayRepeatNames(source, value) ? result.output : undefined;
}

/** Runs a schema and turns its issues into ours. */
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
    const suggestion = missing ? undefined : suggestionAt(schema, members, issue.input);
    return { path, found, accepted, message, suggestion };
  });
  return { output: result.output, issues };
}

/** The phrase of the schema at a path, for members that are missing (valibot reports their parent's). */
function acceptedAt(schema: v.GenericSchema, members: readonly unknown[]): string {
  return messageOf(schemaAt(schema, members)) ?? "a value";
}

/** For an unknown word, the known words near it. */
function suggestionAt(
  schema: v.GenericSchema,
  members: readonly unknown[],
  input: unknown,
): string | undefined {
  const { words } = shapeOf(schemaAt(schema, members));
  if (words === undefined || typeof input !== "string") return undefined;
  const { nearest }: typeof import("../failure/suggestion.ts") = require("../failure/suggestion.ts");
  const near = nearest(input, words);
  return near.length === 0 ? undefined : near.map((word) => JSON.stringify(word)).join(" or ");
}
