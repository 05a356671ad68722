/**
 * The schema of config.json as JSON Schema (draft 7), for editors and other programs, made from the one that reads it. It
 * takes what is accepted without a warning, as far as it can be said of one member: the rules between members are for
 * `validate`. Loaded for `spec --schema` only.
 */

import { OCI_VERSION } from "../version.ts";
import { ConfigSchema } from "./config.ts";
import type { JsonSchemaPart } from "./primitives.ts";
import { type AnySchema, messageOf, shapeOf } from "./schema-shape.ts";

export interface JsonSchema extends Omit<JsonSchemaPart, "type"> {
  $schema?: string;
  title?: string;
  description?: string;
  type?: string | string[];
  enum?: (string | null)[];
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema;
}

/** Without them, create warns or refuses by a rule. */
const REQUIRED_BY_RULES = ["ociVersion", "process"];

export function configJsonSchema(): JsonSchema {
  const { required = [], properties = {}, ...schema } = convert(ConfigSchema as AnySchema);
  const { members = {} } = shapeOf(ConfigSchema);
  for (const name of REQUIRED_BY_RULES) properties[name] = convert(members[name]?.wrapped);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `config.json of the OCI runtime specification ${OCI_VERSION}, as bunc accepts it`,
    ...schema,
    properties,
    required: [...REQUIRED_BY_RULES, ...required].sort(),
  };
}

function convert(schema: AnySchema = {}): JsonSchema {
  if (schema.wrapped === undefined) return withStructure(schema);
  const inner = orNull(convert(schema.wrapped));
  return isPlain(schema.default) ? { ...inner, default: schema.default } : inner;
}

function withStructure(schema: AnySchema): JsonSchema {
  const { members, entry, item, words } = shapeOf(schema);
  if (members !== undefined) return object(members);
  if (entry !== undefined) return { type: "object", additionalProperties: orNull(convert(entry)) };
  if (item !== undefined) return { type: "array", items: convert(item), ...schema.json };
  if (words !== undefined) return { type: "string", enum: words };
  if (schema.type === "boolean") return { type: "boolean" };
  return { description: messageOf(schema) ?? "", ...schema.json };
}

function object(members: Readonly<Record<string, AnySchema>>): JsonSchema {
  const names = Object.keys(members);
  const required = names.filter((name) => members[name]?.wrapped === undefined);
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, convert(members[name])])),
    ...(required.length === 0 ? {} : { required }),
  };
}

/** `null` in place of a member that may be missing: programs in Go write that for an empty list. */
function orNull(schema: JsonSchema): JsonSchema {
  return {
    ...schema,
    ...(schema.type === undefined ? {} : { type: [schema.type, "null"].flat() }),
    ...(schema.enum === undefined ? {} : { enum: [...schema.enum, null] }),
  };
}

/** An empty default says nothing. */
function isPlain(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number" || value === true;
}
