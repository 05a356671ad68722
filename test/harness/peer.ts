/** A probe on the host that listens on a socket, and prints what it receives. */
import { type Answer, probePath, Report } from "./probe.ts";
import { until } from "./sandbox.ts";

export class Peer {
  #output = "";
  readonly #child;

  /** `action`: of the probe, with the socket's path. Returns when it listens. */
  static async listen(action: string): Promise<Peer> {
    const peer = new Peer(action);
    await until(`${action} listens`, () => peer.#output.includes("listening") || undefined);
    return peer;
  }

  private constructor(action: string) {
    this.#child = Bun.spawn([probePath(), action], { stdout: "pipe", stderr: "inherit" });
    void this.#collect();
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) this.#output += decoder.decode(chunk, { stream: true });
  }

  /** The output so far. */
  messages(): Answer[] {
    return new Report(this.#output).answers.filter((answer) => answer.text !== undefined);
  }

  /** Waits for `count` messages. */
  async received(count: number): Promise<Answer[]> {
    return until(`${count} messages have come`, () => {
      const messages = this.messages();
      return messages.length >= count ? messages : undefined;
    });
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}
