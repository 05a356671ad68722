/**
 * The same bundle under bunc (or RUNTIME) and under Debian's runc: everything that the container's process can observe
 * is compared field by field. `justified` lists every permitted difference with its reason.
 */
import { describe, expect, test } from "bun:test";
import { root, runcInstalled, userNamespaces } from "../harness/requirements.ts";
import { findRuntime, type Runtime, runtime } from "../harness/runtime.ts";
import { type Bundle, Sandbox } from "../harness/sandbox.ts";
import { skipMarker } from "../harness/scenario-name.ts";
import { justified } from "./same-container/justified.ts";
import { type Facts, observations, observe } from "./same-container/observe.ts";
import { type Variation, variations } from "./same-container/variations.ts";

/** Field → both values, if they are not equal. */
function differences(ours: Facts, theirs: Facts): Record<string, [unknown, unknown]> {
  const found: Record<string, [unknown, unknown]> = {};
  for (const field of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    if (!Bun.deepEquals(ours[field], theirs[field])) found[field] = [ours[field], theirs[field]];
  }
  return found;
}

async function factsUnder(which: Runtime, variation: Variation): Promise<Facts> {
  const box = new Sandbox(which);
  try {
    const bundle: Bundle = box.probe([...observations, ...(variation.actions ?? [])]);
    await variation.prepare?.(bundle, box);
    bundle.edit((config) => variation.edit?.(config, box));
    const result = await box.run(bundle, variation.flags ?? []);
    return observe(result, box);
  } finally {
    expect(await box.dispose()).toEqual([]);
  }
}

const other = findRuntime("runc");
const reason = [
  root,
  runcInstalled,
  () => (runtime.name === "runc" ? "runc cannot be compared with itself" : null),
]
  .map((need) => need())
  .find((answer) => answer !== null);

describe("the same observable container under this runtime and under runc", () => {
  for (const variation of variations) {
    const skip = reason ?? (variation.userNamespace === true ? userNamespaces() : null);
    if (skip !== null || other === undefined) {
      test.skip(`${variation.name}${skipMarker}${skip}]`, () => {});
      continue;
    }
    test(variation.name, async () => {
      const ours = await factsUnder(runtime, variation);
      const theirs = await factsUnder(other, variation);
      expect(ours["status"]).toBe(theirs["status"]);
      const unexplained = Object.entries(differences(ours, theirs)).filter(
        ([field, values]) =>
          !justified.some((entry) => entry.field.test(field) && entry.holds(values[0], values[1])),
      );
      expect(Object.fromEntries(unexplained)).toEqual({});
    }, 60_000);
  }

  test("there are at least forty variations with unique names", () => {
    expect(variations.length).toBeGreaterThanOrEqual(40);
    expect(new Set(variations.map(({ name }) => name)).size).toBe(variations.length);
    for (const { why } of justified) expect(why.length).toBeGreaterThan(20);
  });
});
