/** A message bus with systemd behind it, in memory: for tests of the driver, and for recordings (src/explain/systemd.ts). */

import type { ByteStream } from "./bus.ts";
import {
  decodeMessage,
  ERROR,
  encodeMessage,
  METHOD_RETURN,
  type Message,
  messageLength,
  SIGNAL,
} from "./message.ts";
import type { Value, Variant } from "./wire.ts";

interface FakeAnswer {
  signature?: string;
  body?: readonly Value[];
  /** Name of an error to answer with. */
  error?: string;
  /** Result of the job that the answer names, told after it ("done"); null: never. */
  result?: string | null;
  /** Tell the end of the job before the answer to the call. */
  early?: boolean;
}

export type FakeMethods = Readonly<Record<string, (body: readonly Value[]) => FakeAnswer | undefined>>;

const SYSTEMD = ":1.0";

export class FakeBus implements ByteStream {
  /** Calls in order: "StartTransientUnit". Their arguments are in `bodies`. */
  readonly members: string[] = [];
  readonly bodies: (readonly Value[])[] = [];
  closed = false;
  /** Milliseconds; a read that finds nothing lets its whole time pass. */
  time = 0;
  private readonly methods: FakeMethods;
  private readonly chunk: number;
  private toServer = new Uint8Array(0);
  private toClient = new Uint8Array(0);
  private authenticated = false;
  private serial = 0;
  private jobs = 0;

  /** `chunk`: bytes that one read gives at most. */
  constructor(methods: FakeMethods = {}, chunk = 4096) {
    this.methods = methods;
    this.chunk = chunk;
  }

  write(bytes: Uint8Array): void {
    this.toServer = join(this.toServer, bytes);
    if (!this.authenticated) this.authenticate();
    for (;;) {
      const length = this.authenticated ? messageLength(this.toServer) : 0;
      if (length === 0 || this.toServer.length < length) return;
      const message = decodeMessage(this.toServer.slice(0, length));
      this.toServer = this.toServer.slice(length);
      this.serve(message);
    }
  }

  read(timeoutMs: number): Uint8Array | null {
    if (this.toClient.length === 0) {
      if (this.closed) return null;
      this.time += timeoutMs;
    }
    const bytes = this.toClient.slice(0, this.chunk);
    this.toClient = this.toClient.slice(this.chunk);
    return bytes;
  }

  close(): void {
    this.closed = true;
  }

  /** A signal from somebody; by default a job's end as systemd tells it. */
  signal(job: string, unit: string, result: string, sender = SYSTEMD): void {
    const about = {
      path: "/org/freedesktop/systemd1",
      interface: "org.freedesktop.systemd1.Manager",
      member: "JobRemoved",
      sender,
    };
    this.send(SIGNAL, { ...about, signature: "uoss", body: [1, job, unit, result] });
  }

  private authenticate(): void {
    const text = new TextDecoder().decode(this.toServer);
    const end = text.indexOf("BEGIN\r\n");
    if (end === -1) return;
    if (text.slice(0, end) !== "\0AUTH EXTERNAL\r\nDATA\r\n")
      throw new Error(`unexpected ${JSON.stringify(text)}`);
    this.toServer = this.toServer.slice(end + "BEGIN\r\n".length);
    this.authenticated = true;
    this.transmit(new TextEncoder().encode("DATA\r\nOK 0123456789abcdef\r\n"));
  }

  private serve(message: Message): void {
    const { member, body } = message;
    this.members.push(member);
    this.bodies.push(body);
    const answer = this.methods[member]?.(body) ?? this.defaultAnswer(member, body);
    const job = answer.result === undefined ? "" : `/org/freedesktop/systemd1/job/${++this.jobs}`;
    const unit = String(body[0]);
    if (answer.early === true && typeof answer.result === "string") this.signal(job, unit, answer.result);
    const about = { replySerial: message.serial, sender: SYSTEMD };
    if (answer.error !== undefined) {
      const refusal = { errorName: answer.error, signature: "s", body: [`refused: ${member}`] };
      this.send(ERROR, { ...about, ...refusal });
    } else {
      const { signature = "", body = [] } = job === "" ? answer : { signature: "o", body: [job] };
      this.send(METHOD_RETURN, { ...about, signature, body });
    }
    if (answer.early !== true && typeof answer.result === "string") this.signal(job, unit, answer.result);
  }

  private defaultAnswer(member: string, body: readonly Value[]): FakeAnswer {
    if (member === "Hello") return { signature: "s", body: [":1.7"] };
    if (member === "StartTransientUnit" || member === "StopUnit") return { result: "done" };
    if (member === "Get") {
      const value = body[1] === "Version" ? "255.4-1" : "/user.slice/user-7.slice/user@7.service";
      const variant: Variant = { signature: "s", value };
      return { signature: "v", body: [variant] };
    }
    return {};
  }

  private send(type: number, said: Parameters<typeof encodeMessage>[2]): void {
    this.serial += 1;
    this.transmit(encodeMessage(type, this.serial, said));
  }

  private transmit(bytes: Uint8Array): void {
    this.toClient = join(this.toClient, bytes);
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
