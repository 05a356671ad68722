import { failureMessage } from "../failure/errors.ts";
import type { Log } from "../log/log.ts";

/** The steps that undo a creation, last one first. */
export class UndoList {
  readonly #log: Log;
  readonly #actions: (() => void)[] = [];
  readonly #afterwards: (() => void)[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  add(action: () => void): void {
    this.#actions.push(action);
  }

  /** What follows once nothing is left. */
  addAfterwards(action: () => void): void {
    this.#afterwards.push(action);
  }

  afterwards(): void {
    for (const action of this.#afterwards) this.#attempt(action);
  }

  /**
   * The error that led here is the one to report: what the undoing says is only logged. True: nothing is left, and `last`,
   * which forgets the container, was done too; without it `delete --force` finds what is left.
   */
  run(last: () => void): boolean {
    const done = this.#actions.toReversed().map((action) => this.#attempt(action));
    return done.every(Boolean) && this.#attempt(last);
  }

  #attempt(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.#log.warning(`undoing the creation: ${failureMessage(error)}`);
      return false;
    }
  }
}
