/** A JSON Schema as a table: path of a member ("mounts[].options[]", "annotations.*") → what is said of it. */
import type { JsonSchema } from "../../src/oci/json-schema.ts";

export type Facts = Readonly<Record<string, unknown>>;

const KEYS = ["type", "enum", "minimum", "maximum", "minItems", "pattern", "required"] as const;

/** `null` beside another type is left out: the test says so once. */
export function flatten(
  schema: JsonSchema,
  path = "",
  into: Record<string, Facts> = {},
): Record<string, Facts> {
  const facts: Record<string, unknown> = {};
  for (const key of KEYS) {
    const value = schema[key];
    if (value === undefined) continue;
    const isList = Array.isArray(value);
    const items = isList ? value.filter((each) => each !== null && each !== "null") : value;
    facts[key] = isList ? (key === "type" ? items[0 as never] : [...(items as string[])].sort()) : value;
  }
  into[path] = facts;
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    flatten(member, path === "" ? name : `${path}.${name}`, into);
  }
  if (schema.items !== undefined) flatten(schema.items, `${path}[]`, into);
  if (schema.additionalProperties !== undefined) flatten(schema.additionalProperties, `${path}.*`, into);
  return into;
}

/** "path: key: theirs → ours", for what only one of them has or both have otherwise. */
export function compare(
  theirs: Readonly<Record<string, Facts>>,
  ours: Readonly<Record<string, Facts>>,
): string[] {
  const paths = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].sort();
  return paths.flatMap((path) => {
    const [a, b] = [theirs[path], ours[path]];
    if (a === undefined) return [`${path}: only ours`];
    if (b === undefined) return [`${path}: only theirs`];
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort().flatMap((key) => {
      const [left, right] = [a[key], b[key]].map((value) => text(value));
      return left === right ? [] : [`${path}: ${key}: ${left} → ${right}`];
    });
  });
}

function text(value: unknown): string {
  if (value === undefined) return "nothing";
  const sorted = Array.isArray(value) ? [...value].sort() : value;
  return typeof sorted === "bigint" ? sorted.toString() : JSON.stringify(sorted);
}
