/**
 * Random damage to the configs of the table: whatever is done to one, it is either refused with paths or it
 * is planned; nothing else may be thrown. FUZZ_SEED replays a run, FUZZ_RUNS makes it longer.
 */

import { expect, test } from "bun:test";
import { RuntimeError } from "../../src/failure/errors.ts";
import { hostFacts } from "../../src/host/host.ts";
import { stringifyJson } from "../../src/oci/json.ts";
import { resolveConfig } from "../../src/oci/resolved/config.ts";
import { loadConfig } from "../../src/oci/validate.ts";
import { planCreate } from "../../src/plan/plan.ts";
import { cases, smallConfig } from "./cases.ts";
import { createOptions } from "./create-options.ts";
import { v2 } from "./hosts.ts";

const RUNS = Number(Bun.env["FUZZ_RUNS"] ?? 3000);
const SEED = Number(Bun.env["FUZZ_SEED"] ?? Date.now() % 1_000_000);

/** What stands where something else should. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e300,
  2 ** 53,
  18446744073709551615n,
  -9223372036854775809n,
  "",
  "/",
  "..",
  "a\0b",
  "\ud800",
  "=",
  "__proto__",
  "x".repeat(5000),
  [],
  [[]],
  [null],
  {},
  { __proto__: null },
  { path: "/x", type: "user" },
];

test(`damaged configs, FUZZ_SEED=${SEED}`, () => {
  const random = generator(SEED);
  let refused = 0;
  for (let run = 0; run < RUNS; run++) {
    const each = cases[random(cases.length)];
    if (each === undefined) continue;
    const document = structuredClone(each.config(smallConfig()));
    for (let times = 1 + random(3); times > 0; times--) damage(document, random);
    const text = stringifyJson(document);
    const host = hostFacts(each.host ?? v2);
    const options = { ...createOptions, seccomp: { program: "", flags: 0 }, ...each.options };
    try {
      const { value } = loadConfig(text, { host, bundle: "/bundle", noPivot: false, rootlessCgroups: false });
      const { plan } = planCreate(resolveConfig(value, options.bundle), host, options);
      expect(plan.steps.length).toBeGreaterThan(0);
      // Nothing that the core could not take: every string is whole and every number an integer.
      JSON.stringify(plan, (_key, item: unknown) => {
        if (typeof item === "number") expect(Number.isSafeInteger(item)).toBe(true);
        if (typeof item === "string") expect(item.isWellFormed() && !item.includes("\0")).toBe(true);
        expect(item).not.toBeUndefined();
        return item;
      });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw new Error(`${each.name}: ${text}`, { cause: error });
      expect(error.configErrors?.length).toBeGreaterThan(0);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(RUNS);
}, 60_000);

/** mulberry32: small, fast, and the same everywhere. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Replaces, removes or doubles one member somewhere in a document. */
function damage(document: unknown, random: (below: number) => number): void {
  const places: [holder: Record<string, unknown>, key: string][] = [];
  collect(document, places);
  const place = places[random(places.length)];
  if (place === undefined) return;
  const [holder, key] = place;
  switch (random(4)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
      else holder[`${key}2`] = holder[key];
      break;
    default:
      holder[key] = structuredClone(STRANGE[random(STRANGE.length)]);
  }
}

function collect(value: unknown, places: [Record<string, unknown>, string][]): void {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    places.push([value as Record<string, unknown>, key]);
    collect((value as Record<string, unknown>)[key], places);
  }
}
