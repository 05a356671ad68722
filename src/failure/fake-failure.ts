/** Failures of the core and what is known about them, for the tests of hints. */

import { describe, expect, test } from "bun:test";
import { errnoNumber } from "../kernel/errno.ts";
import type { Failure } from "../native/boundary.gen.ts";
import { type FailureContext, type MountFacts, NO_PROCESS } from "./context.ts";
import { hintFor } from "./hints.ts";
import { holdsTriggerText } from "./messages.ts";

export type Record = Partial<Omit<Failure, "errno">> & { errno?: string };
export type Row = [name: string, record: Record, context: Partial<FailureContext>, hint: RegExp];

export const host = (files: { [path: string]: string } = {}, euid = 0, inUserNamespace = false) => ({
  host: { euid, inUserNamespace, text: (path: string) => files[path] ?? "" },
});
export const status = (set: string, mask: string) => ({
  "/proc/self/status": `Name:\tbunc\n${set}:\t${mask}\nX:\t1\n`,
});
export const namespaces = (...types: string[]) => ({
  namespaces: new Map(types.map((type) => [type, { path: null as string | null }])),
});
export const mount = (type: string, data: string[] = [], source = ""): { mounts: MountFacts[] } => ({
  mounts: [
    {
      subject: "mounts[0]",
      destination: "/m",
      type,
      source,
      data: data.map((word) => {
        const [key = "", value] = word.split("=");
        return { key, value: value ?? null };
      }),
    },
  ],
});
export const atMount = (op: string, errno: string, target = "/m"): Record => ({
  op,
  errno,
  target,
  subject: "mounts[0]",
});
export const mapped = {
  uidMappings: [{ containerID: 0, size: 1000 }],
  gidMappings: [{ containerID: 0, size: 5 }],
};
export const user = { user: { uid: 1000, gid: 5, additionalGids: [1, 7] } };
export const mountinfo = (...lines: string[]) => ({
  "/proc/self/mountinfo": lines.map((line) => `21 20 0:20 / ${line}\n`).join(""),
});
export const rlimits = (type: string, hard: number) => ({ rlimits: [{ type, hard }] });
export const noResource = status("CapEff", "000001fffeffffff");
export const all = status("CapEff", "000001ffffffffff");
export const optionNames = { mountOptionNames: () => ["nosuid", "noexec", "ro"] };

export const noHint = /^$/;

/** `errno` by its name; none: 0. */
export function failureOf({ errno = "", ...rest }: Record): Failure {
  return {
    code: "system",
    stage: "init",
    op: "",
    subject: "",
    target: "",
    detail: "",
    ...rest,
    errno: errnoNumber(errno) ?? 0,
  };
}

function hintOf(record: Record, context: Partial<FailureContext>): string {
  const failure = failureOf(record);
  const given = { ...NO_PROCESS, ...context };
  return hintFor({ failure, context: given, mount: given.mounts[0] }) ?? "";
}

/** Tests that each cause gets its hint, and that near misses get none. */
export function testHints(causes: readonly Row[], nearMisses: readonly Row[]): void {
  describe("the cause that is named is there", () => {
    test.each(causes)("%s", (_name, record, context, hint) => {
      expect(hintOf(record, context)).toMatch(hint);
      expect(holdsTriggerText(hintOf(record, context))).toBe(false);
    });
  });

  describe("nothing is said of a near miss", () => {
    test.each(nearMisses)("%s", (_name, record, context) => {
      expect(hintOf(record, context)).toBe("");
    });
  });
}
