/** A connection to a message bus: authentication, calls, and signals that are waited for, all with deadlines. */

import { RuntimeError } from "../../failure/errors.ts";
import { native } from "../../native/call.ts";
import {
  decodeMessage,
  ERROR,
  encodeMessage,
  METHOD_CALL,
  METHOD_RETURN,
  type Message,
  type MethodCall,
  messageLength,
  SIGNAL,
} from "./message.ts";
import type { Value } from "./wire.ts";

/** The bytes to and from a bus. */
export interface ByteStream {
  write(bytes: Uint8Array): void;
  /** At least one byte; empty: nothing within the time; null: the bus has closed the connection. */
  read(timeoutMs: number): Uint8Array | null;
  close(): void;
}

/** An error that a method answered with. */
export class BusError extends RuntimeError {
  /** "org.freedesktop.systemd1.UnitExists" */
  readonly errorName: string;

  constructor(errorName: string, text: string) {
    super(text === "" ? errorName : text);
    this.name = "BusError";
    this.errorName = errorName;
  }
}

/** How long one answer may take. systemd answers within milliseconds unless it is stuck. */
const CALL_TIMEOUT_MS = 25_000;

const BUS = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
};

/** `address`: path of a unix socket, "@name" for an abstract one. */
export function openStream(address: string): ByteStream {
  const { fd } = native("bus_connect", { path: address, timeout_ms: CALL_TIMEOUT_MS });
  return {
    write(bytes) {
      native("bus_write", { fd, base64: bytes.toBase64(), timeout_ms: CALL_TIMEOUT_MS });
    },
    read(timeoutMs) {
      const { base64, closed } = native("bus_read", { fd, timeout_ms: Math.max(0, Math.ceil(timeoutMs)) });
      return closed ? null : Uint8Array.fromBase64(base64);
    },
    close() {
      native("close_fd", { fd });
    },
  };
}

/** One connection, in order: authenticate, call, wait for signals. Throws Error when a deadline passes. */
export class Bus {
  private readonly stream: ByteStream;
  private readonly now: () => number;
  private received = new Uint8Array(0);
  private serial = 0;
  /** Signals that came while something else was waited for. */
  private readonly signals: Message[] = [];
  private readonly isDirect: boolean;

  /**
   * Authenticates. `direct`: the peer is systemd itself (its private socket), not a bus: there is no Hello.
   * `now`: milliseconds, only ever forwards.
   */
  constructor(stream: ByteStream, options: { direct: boolean; now?: () => number }) {
    this.stream = stream;
    this.isDirect = options.direct;
    this.now = options.now ?? (() => performance.now());
    this.authenticate();
    if (!options.direct) this.call({ ...BUS, member: "Hello", signature: "", body: [] });
  }

  close(): void {
    this.stream.close();
  }

  /**
   * EXTERNAL without naming a uid: the bus takes it from the socket, as it sees it. In a user namespace
   * the uid that we would name is not the one it knows.
   */
  private authenticate(): void {
    this.stream.write(new TextEncoder().encode("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"));
    const deadline = this.now() + CALL_TIMEOUT_MS;
    for (;;) {
      const line = this.takeLine();
      if (line === undefined) {
        if (!this.fill(deadline)) throw timedOut("authentication");
      } else if (line.startsWith("OK ")) {
        return;
      } else if (!line.startsWith("DATA")) {
        throw new RuntimeError(`the bus refused to authenticate us: ${line}`, { step: "AUTH EXTERNAL" });
      }
    }
  }

  private takeLine(): string | undefined {
    const end = this.received.indexOf("\n".charCodeAt(0));
    if (end === -1) return undefined;
    const line = new TextDecoder().decode(this.received.subarray(0, end)).trimEnd();
    this.received = this.received.slice(end + 1);
    return line;
  }

  /** Sends a call and waits for its answer. Throws BusError when that is an error. */
  call(call: MethodCall): readonly Value[] {
    return this.request(call).body;
  }

  /** The same, with all of the answer. */
  request(call: MethodCall): Message {
    this.serial += 1;
    const serial = this.serial;
    this.stream.write(encodeMessage(METHOD_CALL, serial, call));
    const deadline = this.now() + CALL_TIMEOUT_MS;
    for (;;) {
      const message = this.next(deadline);
      if (message === undefined) throw timedOut(`the answer to ${call.member}`);
      if (message.type === SIGNAL) this.signals.push(message);
      if (message.replySerial !== serial) continue;
      if (message.type === METHOD_RETURN) return message;
      if (message.type === ERROR) {
        const [text] = message.body;
        throw new BusError(message.errorName, typeof text === "string" ? text : "");
      }
    }
  }

  /** Asks the bus for these signals. A direct peer sends them in any case. */
  addMatch(rule: string): void {
    if (this.isDirect) return;
    this.call({ ...BUS, member: "AddMatch", signature: "s", body: [rule] });
  }

  /** The first signal that fits, also one that has come already; undefined: none in time. */
  waitSignal(fits: (signal: Message) => boolean, timeoutMs: number): Message | undefined {
    const deadline = this.now() + timeoutMs;
    const early = this.signals.find(fits);
    if (early !== undefined) return early;
    while (this.now() < deadline) {
      const message = this.next(deadline);
      if (message !== undefined && message.type === SIGNAL && fits(message)) return message;
    }
    return undefined;
  }

  /** Undefined: none in time. */
  private next(deadline: number): Message | undefined {
    let length = messageLength(this.received);
    while (length === 0 || this.received.length < length) {
      if (!this.fill(deadline)) return undefined;
      length = messageLength(this.received);
    }
    const message = decodeMessage(this.received.slice(0, length));
    this.received = this.received.slice(length);
    return message;
  }

  /** False: nothing has come in time. */
  private fill(deadline: number): boolean {
    const bytes = this.stream.read(deadline - this.now());
    if (bytes === null) throw new RuntimeError("the bus closed the connection", { step: "read" });
    if (bytes.length === 0) return false;
    const joined = new Uint8Array(this.received.length + bytes.length);
    joined.set(this.received);
    joined.set(bytes, this.received.length);
    this.received = joined;
    return true;
  }
}

function timedOut(what: string): RuntimeError {
  return new RuntimeError(`timeout waiting for ${what} from the bus`, {
    step: "read",
    hint: "is the bus, or systemd behind it, stuck? See: systemctl list-jobs, journalctl -b -u dbus",
  });
}
