/**
 * Configurations as engines write them, each with every change of one line, under bunc (or RUNTIME) and under the
 * installed runc: whether the program starts, and with which properties. `justified` lists every permitted difference. By
 * default a sample is compared; BUNC_SAME_CONFIG=1 compares everything, =N every Nth change. SAME_CONFIG_RUNC: another runc.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { userNamespaces } from "../harness/requirements.ts";
import { findRuntime, runtime } from "../harness/runtime.ts";
import { skipMarker } from "../harness/scenario-name.ts";
import { sealable } from "../harness/seal.ts";
import { type Change, changesOf } from "./same-config/changes.ts";
import { Candidate, configurationFor, type Outcome } from "./same-config/comparison.ts";
import { configurations } from "./same-config/configurations.ts";
import { justificationOf, justified, table } from "./same-config/justified.ts";

const EVERY = Number(Bun.env["BUNC_SAME_CONFIG"] ?? 50);
const MINUTES_MAX = 30;

const other = findRuntime(Bun.env["SAME_CONFIG_RUNC"] ?? "runc");
const reason = [
  ...sealable,
  userNamespaces,
  () => (other === undefined ? "needs runc on PATH (Debian package runc)" : null),
  () => (runtime.name === "runc" ? "runc cannot be compared with itself" : null),
]
  .map((need) => need())
  .find((answer) => answer !== null);

/** runc's version: "1.3.6". */
const version =
  other === undefined
    ? ""
    : (/\d+\.\d+\.\d+/.exec(Bun.spawnSync([other.path, "--version"]).stdout.toString())?.[0] ?? "");

/** Places and kinds that have been compared: each is compared in only one of the configurations that have the place. */
const compared = new Set<string>();

/** How the outcomes differ, if nothing justifies it. */
function difference(
  { place, kind, line }: Change,
  ours: Outcome,
  theirs: Outcome,
  base: readonly [Outcome, Outcome],
): string | undefined {
  const what = `${place} | ${kind} | ${line.slice(0, 120)}`;
  if (ours.started !== theirs.started) {
    if (justificationOf({ place, kind }, ours.started ? "bunc" : "runc", version) !== undefined)
      return undefined;
    const refusal = ours.started ? theirs.stderr : ours.stderr;
    return `${what}: only ${ours.started ? "bunc" : "runc"} starts it; the other: ${refusal.slice(-300)}`;
  }
  const effects = [effectOf(ours, base[0]), effectOf(theirs, base[1])];
  if (
    Bun.deepEquals(effects[0], effects[1]) ||
    justificationOf({ place, kind }, "both", version) !== undefined
  ) {
    return undefined;
  }
  return `${what}: not the same process: ${JSON.stringify(effects).slice(0, 600)}`;
}

/** Fields of a process's report that have another number in each run. */
const ACCIDENTAL = ["pid", "ppid", "pgid", "sid", "fds", "sessionKeyring", "args", "action"];

/** The effect of a change on the process: field → value, for fields that have changed. */
function effectOf(outcome: Outcome, base: Outcome): Record<string, unknown> {
  const effect: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(outcome.self ?? {})) {
    if (ACCIDENTAL.includes(field) || Bun.deepEquals(value, base.self?.[field])) continue;
    effect[field] = value;
  }
  return effect;
}

/** Changes that are the same under both, each with its two texts. */
function* pairs(ours: Change[], theirs: Change[]): Generator<[Change, string, string]> {
  for (const [index, change] of ours.entries()) {
    const counterpart = theirs[index];
    if (counterpart === undefined || counterpart.kind !== change.kind) throw new Error("the changes differ");
    yield [change, change.text, counterpart.text];
  }
}

describe("configurations of engines under this runtime and under runc", () => {
  if (reason !== undefined || other === undefined) {
    test.skip(`started or refused alike${skipMarker}${reason}]`, () => {});
    return;
  }
  const [mine, its] = [new Candidate(runtime), new Candidate(other)];
  afterAll(async () => {
    expect([await mine.dispose(), await its.dispose()]).toEqual([[], []]);
  });
  let turn = 0;
  let started = 0;

  test.each(Object.entries(configurations))(
    "%s",
    async (_name, make) => {
      const [ourConfig, theirConfig] = [configurationFor(mine, make), configurationFor(its, make)];
      const base = await mine.run(JSON.stringify(ourConfig));
      const theirBase = await its.run(JSON.stringify(theirConfig));
      if (!theirBase.started) {
        // This host lacks something that the configuration needs, such as a controller.
        expect([base.started, theirBase.stderr]).toEqual([false, expect.stringMatching(/cgroup|controller/)]);
        return;
      }
      // Unchanged, it starts without a warning.
      expect([base.started, base.stderr]).toEqual([true, ""]);
      started += 1;

      const found: string[] = [];
      for (const [change, ours, theirs] of pairs([...changesOf(ourConfig)], [...changesOf(theirConfig)])) {
        const key = `${change.place} ${change.kind}`;
        if (compared.has(key)) continue;
        compared.add(key);
        if (turn++ % EVERY !== 0) continue;
        const different = difference(change, await mine.run(ours), await its.run(theirs), [base, theirBase]);
        if (different !== undefined) found.push(different);
      }
      expect(found).toEqual([]);
    },
    MINUTES_MAX * 60_000,
  );

  test("most configurations can be started here", () => {
    expect(started).toBeGreaterThan(10);
  });
});

test("docs/CONFORMANCE-configurations.md is the list of what is justified (else: UPDATE_GOLDEN=1)", () => {
  const path = join(projectRoot, "docs/CONFORMANCE-configurations.md");
  const text = readFileSync(path, "utf8");
  const [before = "", , after = ""] = text.split(/(\n\| change \|[\s\S]*?\n)(?=\n|$)/);
  const wanted = `${before}\n${table()}${after}`;
  if (Bun.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, wanted);
  else expect(text).toBe(wanted);
  for (const { words, why } of justified) expect(Math.min(words.length, why.length)).toBeGreaterThan(15);
});
