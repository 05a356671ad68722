/**
 * A command → system calls of the bunc process: the real command handlers over the real core, on a kernel that does
 * nothing (zig/rehearsal/host.zig). The calls stand in golden/; UPDATE_GOLDEN=1 writes them anew. Then each call
 * fails in turn, with each errno of its man page: what comes out is an error with this errno and the config path, and
 * nothing is left: no descriptor, process, cgroup or file (host-exceptions.ts has the exceptions).
 *
 * One of them again: REHEARSE="NAME INDEX ERRNO" bun test test/contract/host-rehearsal.test.ts
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { RuntimeError } from "../../src/failure/errors.ts";
import { found } from "../../src/host/found.ts";
import { errnoName } from "../../src/kernel/errno.ts";
import { linked } from "../../src/native/linked.ts";
import { projectRoot } from "../harness/project.ts";
import { configPathOf, exceptionOf, isMadeAgain, madeAgain } from "./host-exceptions.ts";
import { context, hostFiles, type Scenario, scenarios, standInForFacts } from "./host-scenarios.ts";
import { type Fault, RehearsedHost } from "./rehearsed-host.ts";

let host: RehearsedHost;
const { core } = linked;
const only = Bun.env["REHEARSE"]?.split(" ");

beforeAll(() => {
  const zig = join(projectRoot, "node_modules/.bin/zig");
  const built = Bun.spawnSync([zig, "build", "rehearsal"], { cwd: projectRoot });
  expect(built.stderr.toString()).toBe("");
  host = new RehearsedHost();
}, 300_000);

afterAll(() => {
  delete linked.core;
  if (core !== undefined) linked.core = core;
  found.host = undefined;
});

type Outcome = ReturnType<typeof rehearse>;

function rehearse(scenario: Scenario, fault?: Fault) {
  host.begin(hostFiles(scenario));
  standInForFacts(scenario);
  const made = scenario.before?.(context);
  const before = new Set(host.report().held);
  host.watch(fault === undefined, fault);
  let error: unknown;
  let acted: unknown;
  try {
    acted = scenario.act(context, made);
  } catch (thrown) {
    error = thrown;
  }
  const report = host.report();
  if (error === undefined) scenario.after?.(acted);
  return { ...report, error, left: report.held.filter((each) => !before.has(each)) };
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

/** What is wrong; undefined: nothing. */
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
    if (exception === undefined) return "it is taken for success";
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
        for (const errno of call.errnos) {
          const fault = { index, errno };
          if (only !== undefined && (only[1] !== String(index) || only[2] !== errnoName(errno))) continue;
          const wrong = judge(name, willing, fault, rehearse(scenario, fault));
          if (wrong !== undefined)
            found.push(`${index} ${errnoName(errno)} ${call.subject}: ${call.text}: ${wrong}`);
        }
      });
      expect(found.join("\n")).toBe("");
    }, 120_000);
  }
});
