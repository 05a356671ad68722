/**
 * Members that no schema knows and that look like a misspelt one. Others are for somebody else to read (runtime-spec,
 * Extensibility), and so are the keys of maps, such as annotations.
 */

import type { Warning } from "../warning.ts";
import { describeFound, formatPath } from "./issue.ts";
import { itemOf, membersOf } from "./schema-shape.ts";

/** `output`: what the schema made of `value`; undefined where it found mistakes. */
export function misspeltMembers(schema: unknown, value: unknown, output: unknown): Warning[] {
  if (output !== undefined && !hasMore(value, output)) return [];
  const warnings: Warning[] = [];
  walk(schema, value, [], warnings);
  return warnings;
}

/** Whether some object has a member that its counterpart lacks. Most documents have none, and pay for no more. */
function hasMore(value: unknown, known: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (typeof known !== "object" || known === null) return true;
  if (Array.isArray(value)) {
    // All items are of one kind.
    if (typeof value[0] !== "object") return false;
    return value.some((item, index) => hasMore(item, (known as unknown[])[index]));
  }
  const there = known as Record<string, unknown>;
  for (const [name, member] of Object.entries(value)) {
    if (!Object.hasOwn(there, name) || hasMore(member, there[name])) return true;
  }
  return false;
}

function walk(schema: unknown, value: unknown, path: readonly unknown[], warnings: Warning[]): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    const item = itemOf(schema);
    if (item !== undefined)
      for (const [index, each] of value.entries()) walk(item, each, [...path, index], warnings);
    return;
  }
  const known = membersOf(schema);
  if (known === undefined) return;
  for (const [name, member] of Object.entries(value)) {
    const at = [...path, name];
    if (Object.hasOwn(known, name)) walk(known[name], member, at, warnings);
    else warnings.push(...misspelt(name, member, at, Object.keys(known)));
  }
}

function misspelt(
  name: string,
  value: unknown,
  path: readonly unknown[],
  known: readonly string[],
): Warning[] {
  const { didYouMean }: typeof import("../suggestion.ts") = require("../suggestion.ts");
  const suggestion = didYouMean(name, known);
  if (suggestion === "") return [];
  const message = `ignoring unknown member ${JSON.stringify(name)}${suggestion}`;
  return [{ path: formatPath(path), found: describeFound(value), message }];
}
