/** An integration test: it gets a fresh sandbox, may be skipped with a reason, and must leave nothing behind. */
import { expect, test } from "bun:test";
import { changedOwners, sharedOwners } from "./leaks.ts";
import type { Requirement } from "./requirements.ts";
import { Sandbox } from "./sandbox.ts";
import { skipMarker } from "./scenario-name.ts";

const usualTimeoutMs = 180_000;

export function scenario(
  name: string,
  needs: Requirement[],
  body: (box: Sandbox) => Promise<void>,
  timeoutMs = usualTimeoutMs,
): void {
  const reason = needs.map((need) => need()).find((answer) => answer !== null);
  if (reason !== undefined && reason !== null) {
    test.skip(`${name}${skipMarker}${reason}]`, () => {});
    return;
  }
  test(
    name,
    async () => {
      const owners = sharedOwners();
      const box = new Sandbox();
      let leaks: string[] = [];
      try {
        await body(box);
      } finally {
        leaks = [...(await box.dispose()), ...changedOwners(owners)];
      }
      expect(leaks).toEqual([]);
    },
    timeoutMs,
  );
}
