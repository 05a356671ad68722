/**
 * Each verb at each of its system calls, including those of bunc-init and hooks: the process that makes the call is killed
 * before it (SIGKILL), or the call fails. Afterwards list and delete --force work, and nothing is left; a command that fails
 * reports it in one record.
 *
 * FAULT_PART=K/N selects every Nth call, starting with the Kth (default 1/40; with HOSTILE=long all); FAULT_VERB selects one
 * verb; FAULT_CALL selects calls by name. `npm run test:fault` runs everything.
 */
import { describe, expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { probePath } from "../harness/probe.ts";
import { buncOnly, type Requirement, root } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";
import { crash } from "../hostile/clean.ts";
import { tell } from "../hostile/results.ts";
import { isLong } from "../hostile/rounds.ts";
import { errnosOf, isKnown } from "./errnos.ts";
import { survives, type Victim, victims, withEverything } from "./victim.ts";

const [part = 1, parts = 40] = (Bun.env["FAULT_PART"] ?? (isLong ? "1/1" : "1/40")).split("/").map(Number);
const verb = Bun.env["FAULT_VERB"];
const onlyCalls = Bun.env["FAULT_CALL"]?.split(",");
const hangTimeoutMs = 60_000;
/** Tries to reach a call that not every run makes. */
const attempts = 4;

const x86: Requirement = () =>
  process.arch === "x64" ? null : "the tracer knows the registers of x86-64 only";

interface Traced {
  readonly status: number;
  /** The number of calls that qualified, and whether the intended one was hit. */
  readonly met: number;
  readonly hit: boolean;
  readonly names?: readonly string[];
  readonly own?: readonly boolean[];
  readonly stderr: string;
}

/** Errors go to a file: a container that outlives the command keeps its standard error. */
async function trace(box: Sandbox, action: string, command: readonly string[]): Promise<Traced> {
  const errors = box.path("stderr");
  // Clear the previous run's errors, which may have been longer.
  writeFileSync(errors, "");
  const child = Bun.spawn([probePath(), `trace:${action}`, ...command], {
    env: bareEnvironment,
    stdio: ["ignore", "pipe", Bun.file(errors)],
    timeout: hangTimeoutMs,
    killSignal: "SIGKILL",
  });
  const stdout = await new Response(child.stdout).text();
  await child.exited;
  const stderr = readFileSync(errors, "utf8");
  if (stdout === "") throw new Error(`${command.join(" ")} hangs at trace:${action}: ${stderr}`);
  return { ...JSON.parse(stdout)[0], stderr };
}

interface Point {
  readonly action: string;
  /** Counted from 1. */
  readonly number: number;
  /** As in the counted run: in the next one the same number may be another call. */
  readonly call: string;
}

/** Runs the victim once without faults. → each of its calls, and each failure of each call. */
async function pointsOf(box: Sandbox, victim: Victim): Promise<Point[]> {
  const bundle = withEverything(box.probe([]), victim.program);
  let names: readonly string[] = [];
  let own: readonly boolean[] = [];
  await survives(box, bundle, victim, async (command) => {
    const whole = await trace(box, "none,0", command);
    expect([whole.status, whole.stderr]).toEqual([0, ""]);
    names = whole.names ?? [];
    own = whole.own ?? [];
  });
  expect(names.length).toBeGreaterThan(50);
  expect([...new Set(names)].filter((name) => !isKnown(name)).sort()).toEqual([]);
  const met = new Map<string, number>();
  const points = names.flatMap((call, index) => {
    const isOwn = own[index] === true;
    // Processes interleave differently in each run, so a call's place in the order changes, but it stays the third of its kind.
    const kind = `${call},${isOwn ? "own" : "other"}`;
    const place = (met.get(kind) ?? 0) + 1;
    met.set(kind, place);
    return [
      { action: `kill,${index + 1}`, number: index + 1, call },
      ...errnosOf(call, isOwn).map((errno) => ({
        action: `fail,${place},${errno},${kind}`,
        number: place,
        call,
      })),
    ];
  });
  return points.filter(({ call }) => onlyCalls?.includes(call) ?? true);
}

describe(`every system call, part ${part} of ${parts}`, () => {
  for (const victim of victims.filter((one) => verb === undefined || one.verb === verb)) {
    scenario(
      victim.verb,
      [root, buncOnly, x86],
      async (box) => {
        const points = (await pointsOf(box, victim)).filter((_, index) => index % parts === part - 1);
        const wrong: string[] = [];
        const done = { kill: 0, fail: 0, missed: 0 };
        for (const { action, number, call } of points) {
          const say = (text: string) => wrong.push(`${action} (${call}): ${text}`);
          const isKill = action.startsWith("kill");
          let hit = false;
          for (let attempt = 0; !hit && attempt < attempts; attempt++) {
            // A new one each time, because mount points are made only in the first run.
            const bundle = withEverything(box.probe([]), victim.program);
            await survives(box, bundle, victim, async (command) => {
              const { status, stderr, met, ...traced } = await trace(box, action, command);
              hit = traced.hit;
              // Two processes do not interleave in the same way each time.
              if (!hit && met >= number) say(`nothing happened at call ${number} of ${met}`);
              if (crash.test(stderr)) say(stderr);
              else if (!isKill && status !== 0 && stderr === "") say(`status ${status} without a word`);
            }).catch((error: Error) => {
              hit = true;
              say(error.message);
            });
          }
          done[hit ? (isKill ? "kill" : "fail") : "missed"]++;
        }
        // The last calls of the counted run.
        expect(done.missed).toBeLessThanOrEqual(Math.max(1, points.length / 50));
        const which = parts === 1 ? "" : ` (part ${part} of ${parts})`;
        tell("every call", {
          [`calls at which a process was killed${which}`]: done.kill,
          [`calls made to fail${which}`]: done.fail,
          [`calls that were not made again${which}`]: done.missed,
        });
        expect(wrong).toEqual([]);
      },
      7_200_000,
    );
  }
});
