// Host side of the guest's agent: runs commands over the frames that agent/wire.zig describes.
import type { Socket } from "node:net";

const headerSize = 12;
const payloadMax = 8 << 20;
const hostKind = { ping: 1, run: 2, kill: 3 } as const;
const guestKind = { pong: 1, stdout: 2, stderr: 3, exit: 4, failure: 5 } as const;

/** How long a killed command may take to be gone before the machine counts as broken. */
const killGraceMs = 30_000;

interface ChannelCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
  readonly timeoutMs: number;
  readonly onStdout: (chunk: Uint8Array) => void;
  readonly onStderr: (chunk: Uint8Array) => void;
}

interface CommandEnd {
  readonly exitCode: number;
  /** Number of the signal that ended the command, 0 if none did. */
  readonly signal: number;
  readonly timedOut: boolean;
}

interface Pending {
  readonly command: ChannelCommand;
  readonly resolve: (end: CommandEnd) => void;
  readonly reject: (error: Error) => void;
  timedOut: boolean;
  timer: Timer;
}

/** The machine ended under its commands: the emulator crashed, or the guest's kernel did. */
export class GuestGoneError extends Error {}

export class AgentChannel {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #pongs: (() => void)[] = [];
  #received: Buffer = Buffer.alloc(0);
  #nextId = 1;
  #closed: Error | undefined;

  /** `whyGone` says why the other end is gone, when it is. */
  constructor(socket: Socket, whyGone: () => Promise<Error>) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#receive(Buffer.from(chunk)));
    socket.on("close", async () => this.close(this.#closed ?? (await whyGone())));
    // "close" follows, and its reason says more.
    socket.on("error", () => undefined);
  }

  /** Resolves when the agent answers; the port keeps the question until the agent has started. */
  async ping(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pongs.push(resolve);
    this.#send(hostKind.ping, 0, Buffer.alloc(0));
    await promise;
  }

  /** Runs one command; several may run at the same time. Rejects when it cannot be started. */
  async run(command: ChannelCommand): Promise<CommandEnd> {
    if (this.#closed) throw this.#closed;
    const id = this.#nextId++;
    const payload = runPayload(command);
    const { promise, resolve, reject } = Promise.withResolvers<CommandEnd>();
    const timer = setTimeout(() => this.#expire(id), command.timeoutMs);
    this.#pending.set(id, { command, resolve, reject, timedOut: false, timer });
    this.#send(hostKind.run, id, payload);
    return await promise;
  }

  /** Ends the channel; commands that still run are rejected with `reason`. */
  close(reason: Error): void {
    this.#closed ??= reason;
    this.#socket.destroy();
    for (const [id, pending] of this.#pending) {
      this.#pending.delete(id);
      clearTimeout(pending.timer);
      pending.reject(reason);
    }
  }

  #expire(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.timedOut = true;
    this.#send(hostKind.kill, id, Buffer.alloc(0));
    pending.timer = setTimeout(() => {
      this.#pending.delete(id);
      pending.reject(new Error(`${pending.command.argv[0]} survives cgroup.kill in the guest`));
    }, killGraceMs);
  }

  #send(kind: number, id: number, payload: Buffer): void {
    const header = Buffer.alloc(headerSize);
    header.writeUInt8(kind, 0);
    header.writeUInt32LE(id, 4);
    header.writeUInt32LE(payload.length, 8);
    this.#socket.write(Buffer.concat([header, payload]));
  }

  #receive(chunk: Buffer): void {
    let rest = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (rest.length >= headerSize) {
      const end = headerSize + rest.readUInt32LE(8);
      if (rest.length < end) break;
      this.#handle(rest.readUInt8(0), rest.readUInt32LE(4), rest.subarray(headerSize, end));
      rest = rest.subarray(end);
    }
    this.#received = rest;
  }

  #handle(kind: number, id: number, payload: Buffer): void {
    if (kind === guestKind.pong) {
      for (const resolve of this.#pongs.splice(0)) resolve();
      return;
    }
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    if (kind === guestKind.stdout) pending.command.onStdout(payload);
    else if (kind === guestKind.stderr) pending.command.onStderr(payload);
    else this.#finish(kind, id, pending, payload);
  }

  #finish(kind: number, id: number, pending: Pending, payload: Buffer): void {
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (kind === guestKind.failure) {
      pending.reject(new Error(`guest cannot run ${pending.command.argv[0]}: ${payload.toString()}`));
      return;
    }
    const signal = payload.readUInt32LE(4);
    const exitCode = signal === 0 ? payload.readUInt32LE(0) : 128 + signal;
    pending.resolve({ exitCode, signal, timedOut: pending.timedOut });
  }
}

function runPayload(command: ChannelCommand): Buffer {
  const environment = Object.entries(command.env).map(([name, value]) => `${name}=${value}`);
  const strings = [command.cwd, ...command.argv, ...environment];
  const broken = strings.find((text) => text.includes("\0"));
  if (broken !== undefined)
    throw new Error(`a command's strings must not contain NUL: ${JSON.stringify(broken)}`);
  if (command.argv.length === 0) throw new Error("a command needs at least its name");
  const counts = Buffer.alloc(8);
  counts.writeUInt32LE(command.argv.length, 0);
  counts.writeUInt32LE(environment.length, 4);
  const payload = Buffer.concat([
    counts,
    Buffer.from(strings.map((text) => `${text}\0`).join("")),
    command.stdin,
  ]);
  if (payload.length > payloadMax) {
    throw new Error(`command and its input have ${payload.length} bytes, the agent takes ${payloadMax}`);
  }
  return payload;
}
