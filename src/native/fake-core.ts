/** For tests: a core that gives these answers until the test ends. */

import { onTestFinished } from "bun:test";
import { linked, replaceCore } from "./linked.ts";
import { type Answers, standInCore } from "./stand-in.ts";

export function useCore(answers: Answers): void {
  replaceCore(standInCore(answers), 1 << 16);
  onTestFinished(() => {
    linked.core = undefined;
  });
}
