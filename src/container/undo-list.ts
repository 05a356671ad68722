import type { Log } from "../cli/log.ts";
import { failureMessage } from "../errors.ts";

/** What takes back the steps of a creation, last one first. */
export class UndoList {
  readonly #log: Log;
  readonly #actions: (() => void)[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  add(action: () => void): void {
    this.#actions.push(action);
  }

  /** The error that led here is the one to report: what the undoing says is only logged. */
  run(): void {
    for (const action of this.#actions.reverse()) {
      try {
        action();
      } catch (error) {
        this.#log.warning(`undoing the creation: ${failureMessage(error)}`);
      }
    }
  }
}
