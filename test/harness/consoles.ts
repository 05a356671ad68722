/** Terminals on the host's side: the peer of `--console-socket`, and a pty to run the runtime in. */
import { type Answer, probePath, Report } from "./probe.ts";
import { bareEnvironment } from "./runtime.ts";
import { until } from "./sandbox.ts";

export class ConsolePeer {
  private output = "";
  private readonly child;

  readonly socket: string;

  constructor(socket: string) {
    this.socket = socket;
    this.child = Bun.spawn([probePath(), `receive-console:${socket}`], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    void this.collect();
  }

  private async collect(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.child.stdout) this.output += decoder.decode(chunk, { stream: true });
  }

  private lines(): string[] {
    return this.output.split("\n").filter((line) => line.startsWith("[{"));
  }

  async listening(): Promise<void> {
    await until("the console peer listens", () => this.output.includes("listening") || undefined);
  }

  /** What the runtime sent: the text of the message, and the terminal. */
  async received(): Promise<Answer> {
    return until("the runtime sends a terminal", () => {
      const line = this.lines()[1];
      return line === undefined ? undefined : new Report(line).answers[0];
    });
  }

  write(text: string): void {
    this.child.stdin.write(text);
    this.child.stdin.flush();
  }

  /** Everything that the container has written, as soon as it matches `pattern`. */
  async contains(pattern: string): Promise<string> {
    return until(`the terminal shows ${pattern}`, () =>
      this.output.includes(pattern) ? this.output : undefined,
    );
  }

  async close(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.exited;
  }
}

interface TerminalResult {
  status: number;
  output: string;
}

/** Runs a command on a new pty. `interact` may write to it and wait for output. */
export async function onTerminal(
  command: string[],
  interact: (terminal: {
    write(text: string): void;
    output(): string;
    pid: number;
  }) => Promise<void> = async () => {},
  size = { cols: 97, rows: 31 },
): Promise<TerminalResult> {
  let output = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn(command, {
    env: bareEnvironment,
    terminal: {
      ...size,
      data: (_terminal, bytes) => {
        output += decoder.decode(bytes, { stream: true });
      },
    },
  });
  await interact({
    write: (text) => void child.terminal?.write(text),
    output: () => output,
    pid: child.pid,
  });
  const status = await child.exited;
  await Bun.sleep(20);
  child.terminal?.close();
  return { status, output };
}
