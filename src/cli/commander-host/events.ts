/** What commander uses of node:events: a command keeps one listener or a few per option. */

type Listener = (...args: unknown[]) => void;

export class EventEmitter {
  #listeners = new Map<string, Listener[]>();

  on(name: string, listener: Listener): this {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, [listener]);
    else listeners.push(listener);
    return this;
  }

  /** Calls the listeners in order. Whether there were any. */
  emit(name: string, ...args: unknown[]): boolean {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return false;
    for (const listener of listeners) listener.apply(this, args);
    return true;
  }

  listenerCount(name: string): number {
    return this.#listeners.get(name)?.length ?? 0;
  }
}
