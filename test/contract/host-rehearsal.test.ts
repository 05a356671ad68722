/**
 * A command → system calls of the bunc process: the real command handlers over the real core, on a kernel that does
 * nothing (zig/rehearsal/host.zig). The expected calls are in golden/; UPDATE_GOLDEN=1 rewrites them. Then each call fails
 * in turn, with each errno of its man page (or every possible errno, if it confines the container): the result is an error
 * with this errno and the config path, and nothing is left: no descriptor, process, cgroup or file (host-exceptions.ts has
 * the exceptions).
 *
 * To repeat one failure: REHEARSE="NAME INDEX ERRNO" bun test test/contract/host-rehearsal.test.ts
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ContainerContext } from "../../src/container/context.ts";
import { RuntimeError } from "../../src/failure/errors.ts";
import { errnoName } from "../../src/kernel/errno.ts";
import { ERRNO } from "../../src/native/boundary.gen.ts";
import { tell } from "../hostile/results.ts";
import { isLong } from "../hostile/rounds.ts";
import { criuScenarios } from "./criu-scenarios.ts";
import {
  configPathOf,
  confinedFromOutside,
  exceptionOf,
  isMadeAgain,
  madeAgain,
  whatItConfines,
} from "./host-exceptions.ts";
import {
  context,
  hostFiles,
  scenarios as otherScenarios,
  type Scenario,
  standInForFacts,
} from "./host-scenarios.ts";
import { type Fault, RehearsedHost } from "./rehearsed-host.ts";
import { builtBefore } from "./zig-build.ts";

const scenarios = [...otherScenarios, ...criuScenarios];
let host: RehearsedHost;
const only = Bun.env["REHEARSE"]?.split(" ");
const everyErrno = Object.values(ERRNO).filter((errno) => errno !== ERRNO.SUCCESS);
/** What the calls that confine the container concern, and how often such a call was made to fail. */
const confined = new Map<string, { failures: number; ended: number; without: number }>();
/** The scenarios of the short run: together they contain every kind of confining call. */
const telling = ["host-create-v1", "host-create-v2", "host-create-user-namespace"];

builtBefore("rehearsal");

beforeAll(() => {
  host = new RehearsedHost();
});

afterAll(() => host.end());

type Outcome = ReturnType<typeof rehearse>;

function rehearse(scenario: Scenario, fault?: Fault) {
  host.begin(hostFiles(scenario));
  standInForFacts(scenario, host);
  const of: ContainerContext = { ...context, driver: scenario.driver ?? "cgroupfs" };
  const made = scenario.before?.(of);
  const before = new Set(host.report().held);
  host.watch(fault === undefined, fault);
  let error: unknown;
  let acted: unknown;
  try {
    acted = scenario.act(of, made);
  } catch (thrown) {
    error = thrown;
  }
  const report = host.report();
  if (error === undefined) scenario.after?.(acted);
  for (const each of scenario.kept ?? []) before.add(each);
  return { ...report, error, left: report.held.filter((each) => !before.has(each)) };
}

/** `without`: the operation is optional. */
function count(what: string, { error }: Outcome, without = false): void {
  const sums = confined.get(what) ?? { failures: 0, ended: 0, without: 0 };
  sums.failures++;
  if (error !== undefined) sums.ended++;
  else if (without) sums.without++;
  confined.set(what, sums);
}

function show({ calls }: Outcome): string {
  let subject = "";
  let text = "";
  for (const call of calls) {
    if (call.subject !== subject) text += `${call.subject}:\n`;
    subject = call.subject;
    text += `  ${call.text}\n`;
  }
  return text;
}

/** What is wrong; undefined if nothing is. */
function judge(scenario: string, willing: Outcome, fault: Fault, outcome: Outcome): string | undefined {
  const { error, wrong } = outcome;
  const call = willing.calls[fault.index];
  if (call === undefined) throw new Error("there is no such call");
  if (wrong !== "") return wrong;
  if (outcome.unchanged) return undefined;
  const exception =
    outcome.repeated && isMadeAgain(fault.errno)
      ? madeAgain
      : exceptionOf(scenario, willing.calls, call, fault.errno);
  if (error === undefined) {
    if (exception === undefined) return "the failure is taken for success";
    if (exception.lessDone) return undefined;
    const missing = willing.effects.find((effect) => !outcome.effects.includes(effect));
    return missing === undefined ? undefined : `it is left out: ${missing}`;
  }
  if (!(error instanceof RuntimeError)) return `not a RuntimeError: ${error}`;
  if (outcome.left.length > 0 && exception?.leaves !== true)
    return `left: ${outcome.left.join(", ")} (${error.message})`;
  if (exception?.otherError === true) return undefined;
  if (error.errno !== fault.errno) return `another errno: ${error.message}`;
  if (error.step === undefined) return `no operation: ${error.message}`;
  const path = configPathOf(call);
  if (path !== undefined && error.subject !== path)
    return `not about ${path} but ${error.subject}: ${error.message}`;
  return undefined;
}

describe("rehearsals of the host", () => {
  for (const scenario of scenarios) {
    const { name } = scenario;
    if (only !== undefined && only[0] !== name) continue;

    test(`${name}: its system calls`, async () => {
      const outcome = rehearse(scenario);
      expect([outcome.error, outcome.wrong]).toEqual([undefined, ""]);
      const file = Bun.file(`${import.meta.dir}/golden/${name}.calls`);
      if (Bun.env["UPDATE_GOLDEN"] === "1") await Bun.write(file, show(outcome));
      expect(show(outcome)).toBe(await file.text());
    });

    test(`${name}: each call fails`, () => {
      const willing = rehearse(scenario);
      const found: string[] = [];
      willing.calls.forEach((call, index) => {
        const confines = isLong || telling.includes(name) ? whatItConfines(call) : undefined;
        for (const errno of confines === undefined ? call.errnos : everyErrno) {
          const fault = { index, errno };
          if (only !== undefined && (only[1] !== String(index) || only[2] !== errnoName(errno))) continue;
          const outcome = rehearse(scenario, fault);
          if (confines !== undefined)
            count(confines, outcome, exceptionOf(name, willing.calls, call, errno)?.lessDone);
          const wrong = judge(name, willing, fault, outcome);
          if (wrong !== undefined)
            found.push(`${index} ${errnoName(errno)} ${call.subject}: ${call.text}: ${wrong}`);
        }
      });
      expect(found.join("\n")).toBe("");
    }, 300_000);
  }

  test("every kind of call that confines the container from outside was made to fail", () => {
    if (only !== undefined) return;
    expect([...confined.keys()].sort()).toEqual([...confinedFromOutside].sort());
    let [failures, ended, without] = [0, 0, 0];
    for (const each of confined.values()) {
      failures += each.failures;
      ended += each.ended;
      without += each.without;
    }
    tell("confined from outside", {
      "kinds of calls": confined.size,
      failures,
      "ended the command": ended,
      "changed nothing": failures - ended - without,
      "of what may be done without (host-exceptions.ts says why)": without,
    });
  });
});
