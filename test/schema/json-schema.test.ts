/**
 * `spec --schema`: beside the schema of runtime-spec 1.3.0 (runtime-spec-1.3.0.json: what its files say of each member),
 * and beside what bunc itself takes and refuses.
 */
import { expect, test } from "bun:test";
import Ajv from "ajv";
import { portableHost } from "../../src/host/portable.ts";
import { ConfigSchema } from "../../src/oci/config.ts";
import { checkDocument } from "../../src/oci/document.ts";
import { stringifyJson } from "../../src/oci/json.ts";
import { configJsonSchema } from "../../src/oci/json-schema.ts";
import { examineConfig } from "../../src/oci/validate.ts";
import { cases, smallConfig } from "../contract/cases.ts";
import { changesOf } from "../integration/same-config/changes.ts";
import { configurations } from "../integration/same-config/configurations.ts";
import type { Json, JsonObject } from "../integration/same-config/pieces.ts";
import { differences } from "./differences.ts";
import { compare, type Facts, flatten } from "./flatten.ts";

const theirs: Record<string, Facts> = await Bun.file(`${import.meta.dir}/runtime-spec-1.3.0.json`).json();
const schema = JSON.parse(stringifyJson(configJsonSchema()));
const isValid = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema);

test("each difference from the specification's schema has a reason", () => {
  const found = compare(theirs, flatten(schema));
  expect(found.filter((line) => !differences.some((known) => known.line.test(line)))).toEqual([]);
  expect(differences.filter(({ line }) => !found.some((each) => line.test(each)))).toEqual([]);
});

/** By its shape, without a warning; and with the two members that rules want. */
function isAccepted(text: string): boolean {
  const shape = checkDocument(ConfigSchema, "config.json", text);
  if (shape.issues.length > 0 || shape.warnings.length > 0) return false;
  const facts = { host: portableHost(0), bundle: "/", noPivot: false, rootlessCgroups: false };
  const { issues, warnings } = examineConfig("config.json", text, facts);
  return [...issues, ...warnings].every(({ path }) => path !== "ociVersion" && path !== "process");
}

/** undefined: it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

test.each(cases.map((each) => [each.name, each] as const))("it takes the plan's case %s", (_name, each) => {
  const config = each.config(smallConfig());
  const text = stringifyJson(config);
  if (!isAccepted(text)) return;
  expect([isValid(JSON.parse(text)), isValid.errors]).toEqual([true, null]);
});

test.each(Object.entries(configurations))("it takes %s", (_name, make) => {
  const text = JSON.stringify(make("/bundle"));
  expect([isValid(JSON.parse(text)), isValid.errors]).toEqual([true, null]);
});

/** What JSON Schema cannot say: half of a surrogate pair is no character, 1e2 is no integer to Go; its way with names. */
const NOT_SAID = /^half of a surrogate$|^with an exponent$|case|before$|^then |^twice$/;

/** Of lists whose items are alike, the first two. */
function shortened(value: Json): Json {
  if (Array.isArray(value)) return value.slice(0, 2).map(shortened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shortened(member)]));
}

test("of all changes of a configuration: taken what is accepted, refused what has another shape", () => {
  const counts = { taken: 0, refused: 0 };
  const otherwise: string[] = [];
  const seen = new Set<string>();
  for (const make of Object.values(configurations)) {
    for (const { place, kind, line, text } of changesOf(shortened(make("/bundle")) as JsonObject)) {
      const name = `${place}, ${kind}`;
      const value = parsed(text);
      if (value === undefined || NOT_SAID.test(kind) || seen.has(name)) continue;
      seen.add(name);
      const valid = isValid(value);
      if (checkDocument(ConfigSchema, "config.json", text).issues.length > 0) {
        counts.refused += 1;
        if (valid) otherwise.push(`${name}: taken: ${line}`);
      } else if (isAccepted(text)) {
        counts.taken += 1;
        if (!valid) otherwise.push(`${name}: refused: ${line}`);
      }
    }
  }
  expect(otherwise).toEqual([]);
  expect(counts.taken).toBeGreaterThan(100);
  expect(counts.refused).toBeGreaterThan(100);
}, 120_000);
