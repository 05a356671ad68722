/**
 * Random damage to the configs of the table: each damaged config is either refused with paths or planned; nothing
 * else may be thrown. FUZZ_SEED replays a run, FUZZ_RUNS makes it longer.
 */

import { expect, test } from "bun:test";
import { RuntimeError } from "../../src/failure/errors.ts";
import { hostFacts } from "../../src/host/host.ts";
import { stringifyJson } from "../../src/oci/json.ts";
import { resolveConfig } from "../../src/oci/resolved/config.ts";
import { loadConfig } from "../../src/oci/validate.ts";
import { planCreate } from "../../src/plan/plan.ts";
import { damage } from "../harness/damage.ts";
import { Random } from "../harness/random.ts";
import { cases, smallConfig } from "./cases.ts";
import { createOptions } from "./create-options.ts";
import { v2 } from "./hosts.ts";

const RUNS = Number(Bun.env["FUZZ_RUNS"] ?? 3000);
const SEED = Number(Bun.env["FUZZ_SEED"] ?? Date.now() % 1_000_000);

test(`damaged configs, FUZZ_SEED=${SEED}`, () => {
  const random = new Random(SEED);
  let refused = 0;
  for (let run = 0; run < RUNS; run++) {
    const each = cases[random.below(cases.length)];
    if (each === undefined) continue;
    const document = structuredClone(each.config(smallConfig()));
    for (let times = 1 + random.below(3); times > 0; times--) damage(document, random);
    const text = stringifyJson(document);
    const host = hostFacts(each.host ?? v2);
    const options = { ...createOptions, seccomp: { program: "", flags: 0 }, ...each.options };
    try {
      const { value } = loadConfig(text, { host, bundle: "/bundle", noPivot: false, rootlessCgroups: false });
      const { plan } = planCreate(resolveConfig(value, options.bundle), host, options);
      expect(plan.steps.length).toBeGreaterThan(0);
      // The core must be able to read the plan: every string is well formed and every number an integer.
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
