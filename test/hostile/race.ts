/** A race: an accomplice continuously swaps two names (renameat2 with RENAME_EXCHANGE) while the runtime uses one of them. */
import { expect } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { probePath } from "../harness/probe.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";
import { tell } from "./results.ts";
import { isLong, rounds, timeoutOf } from "./rounds.ts";
import { weakenedRuntime } from "./weakened.ts";

/** What the runtime met: the right file, or the one that the accomplice put in its place. "fell": the attack worked. */
export type Outcome = "right" | "other" | "fell";

export interface Scene {
  readonly exchanged: readonly [string, string];
  /** `number`: counted from 0. */
  readonly round: (number: number) => Promise<Outcome>;
}

export interface Race {
  /** The key of its row, which describes it (rows.ts). */
  readonly key: string;
  /** A name for what the accomplice puts there. Absent if the runtime never looks at what is swapped. */
  readonly other?: string;
  /** No hole can make it succeed, because nothing depends on what the runtime reads there. */
  readonly harmless?: boolean;
  readonly scene: (box: Sandbox) => Promise<Scene> | Scene;
}

type Outcomes = Record<Outcome, number>;

/** Runs `count` rounds, or, with `untilFall`, stops when the attack has worked. */
async function carryOut(box: Sandbox, race: Race, count: number, untilFall = false): Promise<Outcomes> {
  const { exchanged, round } = await race.scene(box);
  const outcomes: Outcomes = { right: 0, other: 0, fell: 0 };
  const accomplice = Bun.spawn([probePath(), `exchange:${exchanged.join(",")}`], { stdout: "ignore" });
  try {
    for (let number = 0; number < count && !(untilFall && outcomes.fell > 0); number++)
      outcomes[await round(number)]++;
    // It exits when it can no longer swap them.
    if (accomplice.exitCode !== null) throw new Error(`${race.key}: the accomplice has ended`);
  } finally {
    accomplice.kill("SIGKILL");
    await accomplice.exited;
  }
  return outcomes;
}

/** A directory on the host that must never change. */
export function decoy(box: Sandbox, files: readonly string[]): { path: string; isWhole: () => boolean } {
  const path = box.path("decoy");
  mkdirSync(path);
  for (const name of files) writeFileSync(`${path}/${name}`, "decoy");
  return {
    path,
    isWhole: () =>
      readdirSync(path).toSorted().join() === files.toSorted().join() &&
      files.every((name) => readFileSync(`${path}/${name}`, "utf8") === "decoy"),
  };
}

/** A link that leads out of any root that does not contain it. */
export const climbing = (path: string): string => `${"../".repeat(12)}${path.slice(1)}`;

const count = rounds(10, 1000);
/** The rounds within which a build with holes falls. */
const fallRoundsMax = 500;

/** → the round in which the attack worked against a build with holes. */
async function fallOf(race: Race): Promise<number> {
  const box = new Sandbox(weakenedRuntime());
  try {
    const { right, other, fell } = await carryOut(box, race, fallRoundsMax, true);
    expect([race.key, fell]).toEqual([race.key, 1]);
    return right + other + fell;
  } finally {
    await box.dispose();
  }
}

/**
 * In a long run the attack must first succeed against a build with holes, and the runtime must have met what the accomplice
 * put there.
 */
export function raceScenario(race: Race): void {
  scenario(
    `race: ${race.key}`,
    [root, buncOnly],
    async (box) => {
      const fall = isLong && race.harmless !== true ? await fallOf(race) : undefined;
      const { right, other, fell } = await carryOut(box, race, count);
      expect(fell).toBe(0);
      if (isLong && race.other !== undefined) expect(Math.min(right, other)).toBeGreaterThan(0);
      tell(race.key, {
        rounds: count,
        ...(race.other === undefined ? {} : { [`met ${race.other}`]: other }),
        ...(fall === undefined ? {} : { "rounds until a build with holes fell": fall }),
      });
    },
    timeoutOf(count),
  );
}
