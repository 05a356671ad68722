/**
 * `delete --force` of a created container on a rehearsed host (host-rehearsal.test.ts has the other commands): each of its
 * calls fails in turn, with each errno of its man page. The command succeeds or says what failed; after a second one, nothing
 * of the container is left: no live process, cgroup, file or descriptor.
 *
 * To repeat one failure: REHEARSE="NAME INDEX ERRNO" bun test test/contract/host-deletion.test.ts
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { run as deleteCommand } from "../../src/commands/delete.ts";
import { RuntimeError } from "../../src/failure/errors.ts";
import { errnoName } from "../../src/kernel/errno.ts";
import { ERRNO } from "../../src/native/boundary.gen.ts";
import { config, context, create, hook, hostFiles, standInForFacts, v1 } from "./host-scenarios.ts";
import { v2 } from "./hosts.ts";
import { type Fault, RehearsedHost } from "./rehearsed-host.ts";
import { builtBefore } from "./zig-build.ts";

const hosts = [
  { name: "v2", facts: v2, config: config({ hooks: { poststop: [hook("after")] } }) },
  { name: "v1", facts: v1, config: config({}) },
] as const;

let host: RehearsedHost;
const only = Bun.env["REHEARSE"]?.split(" ");

builtBefore("rehearsal");

beforeAll(() => {
  host = new RehearsedHost();
});

afterAll(() => host.end());

const deleteIt = () => deleteCommand({ force: true }, ["c1"], { ...context, programName: "bunc" });

/** What is left at the end, and the result of the first try; without a fault its `calls` are recorded. */
function rehearse(scenario: (typeof hosts)[number], fault?: Fault) {
  host.begin(hostFiles(scenario));
  standInForFacts(scenario, host);
  const before = new Set(host.report().held);
  create(context).directory.release();
  const ofCreate = host.report().held.filter((each) => /^descriptor |\.pid$/.test(each));
  host.watch(fault === undefined, fault);
  const error = attempt(deleteIt);
  const { calls, wrong } = host.report();
  host.watch(false);
  const again = attempt(deleteIt);
  // This process ran `create`, so it still has its descriptors, and the zombie. The pid file belongs to the caller.
  const known = new Set([...before, ...ofCreate]);
  const isLeft = (each: string) => !known.has(each) && !/^process \d+ zombie$/.test(each);
  return {
    error,
    again,
    calls,
    wrong: wrong || host.report().wrong,
    left: host.report().held.filter(isLeft),
  };
}

function attempt(act: () => unknown): unknown {
  try {
    act();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

/** What is wrong; undefined if nothing is. */
function judge({ error, again, wrong, left }: ReturnType<typeof rehearse>): string | undefined {
  if (wrong !== "") return wrong;
  if (error !== undefined && !(error instanceof RuntimeError)) return `not a RuntimeError: ${error}`;
  if (again !== undefined) return `a second delete --force fails: ${again}`;
  return left.length > 0 ? `left: ${left.join(", ")} (${error})` : undefined;
}

describe.each(hosts)("delete --force, cgroup $name", (scenario) => {
  const { name } = scenario;
  if (only !== undefined && only[0] !== name) return;

  test("each call fails", () => {
    const willing = rehearse(scenario);
    expect([willing.error, judge(willing)]).toEqual([undefined, undefined]);
    const wrong = willing.calls.flatMap((call, index) =>
      call.errnos.flatMap((errno) => {
        if (only !== undefined && (only[1] !== String(index) || only[2] !== errnoName(errno))) return [];
        // The errno says that the file to remove does not exist; the command has no other information.
        if (errno === ERRNO.NOENT && call.text.startsWith("unlinkat(")) return [];
        const found = judge(rehearse(scenario, { index, errno }));
        return found === undefined
          ? []
          : [`${index} ${errnoName(errno)} ${call.subject}: ${call.text}: ${found}`];
      }),
    );
    expect(wrong.join("\n")).toBe("");
  }, 300_000);
});
