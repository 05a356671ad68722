/**
 * config.json + host facts → Plan, for a table of configs. The expected plans are in golden/, one JSON
 * file per case, one step per line. UPDATE_GOLDEN=1 rewrites them; read the diff before committing it.
 */

import { describe, expect, test } from "bun:test";
import { hostFacts } from "../../src/host/host.ts";
import type { Plan } from "../../src/native/boundary.gen.ts";
import { stringifyJson } from "../../src/oci/json.ts";
import { resolveConfig } from "../../src/oci/resolved/config.ts";
import { loadConfig } from "../../src/oci/validate.ts";
import { type Planned, planCreate } from "../../src/plan/plan.ts";
import { cases, smallConfig } from "./cases.ts";
import { createOptions } from "./create-options.ts";
import { furtherCases } from "./further-cases.ts";
import { v2 } from "./hosts.ts";

describe("golden plans", () => {
  test("the names in the table are unique", () => {
    const names = [...cases, ...furtherCases].map((each) => each.name);
    expect(new Set(names).size).toBe(names.length);
  });

  for (const each of cases) {
    test(each.name, async () => {
      const host = hostFacts(each.host ?? v2);
      const chosen = { ...createOptions, ...each.options };
      const facts = { host, bundle: "/bundle", noPivot: chosen.noPivot, rootlessCgroups: host.euid !== 0 };
      const loaded = loadConfig(stringifyJson(each.config(smallConfig())), facts);
      const planned = planCreate(resolveConfig(loaded.value, chosen.bundle), host, chosen);
      await compare(each.name, { ...planned, warnings: [...loaded.warnings, ...planned.warnings] });
    });
  }

  for (const { name, plan } of furtherCases) test(name, () => compare(name, plan()));
});

async function compare(name: string, planned: Planned<Plan>): Promise<void> {
  const text = format(planned);
  const file = Bun.file(`${import.meta.dir}/golden/${name}.json`);
  if (Bun.env["UPDATE_GOLDEN"] === "1") await Bun.write(file, text);
  expect(text).toBe(await file.text());
}

function format({ plan, warnings }: Planned<Plan>): string {
  const { steps, ...rest } = plan;
  const lines = [
    ...Object.entries(rest).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`),
  ];
  const inner = steps.map((step) => `    ${JSON.stringify(step)}`).join(",\n");
  return `{\n  "warnings": ${JSON.stringify(warnings)},\n${lines.join(",\n")},\n  "steps": [\n${inner}\n  ]\n}\n`;
}
