/** One runtime in the benchmark, with its own state root and bundles. */
import { existsSync } from "node:fs";
import { bareEnvironment, type Runtime } from "../harness/runtime.ts";
import { type Bundle, Sandbox } from "../harness/sandbox.ts";
import { type Measure, measure } from "./measure.ts";

interface MeasureOptions {
  terminal?: boolean;
  /** A command prefix for the runtime's commands. */
  wrapper?: string[];
}

export class Contender {
  readonly box: Sandbox;
  /** A bundle whose process exits at once. */
  readonly bundle: Bundle;
  /** A bundle whose process waits forever. */
  readonly sleeper: Bundle;
  /** A prefix that all measured commands get: strace, temporarily. */
  through: readonly string[] = [];
  private runningId: string | undefined;

  constructor(runtime: Runtime) {
    // On a tmpfs, like /run on a host: the cost of a disk file system is not the runtimes'.
    this.box = new Sandbox(runtime, existsSync("/dev/shm") ? "/dev/shm" : undefined);
    // The probe acts as a static true(1).
    this.bundle = this.box.probe(["exit:0"]);
    this.sleeper = this.box.probe(["sleep"]);
  }

  get name(): string {
    return this.box.runtime.name;
  }

  /** Why it cannot run a container on this machine; null if it can. */
  refusal(): string | null {
    const { exitCode, stderr } = this.quietly(this.runArgs(this.bundle));
    return exitCode === 0 ? null : stderr.toString().trim();
  }

  /** The id of a new container. */
  runArgs(bundle: Bundle, ...flags: string[]): string[] {
    return ["run", ...flags, "--bundle", bundle.directory, this.box.id()];
  }

  quietly(args: string[]) {
    return Bun.spawnSync(this.box.commandLine(args), { env: bareEnvironment, stdin: "ignore" });
  }

  /** Runs one command, which must succeed. */
  measure(args: string[], { terminal = false, wrapper = [] }: MeasureOptions = {}): Measure {
    const command = this.box.commandLine(args, { wrapper: [...this.through, ...wrapper] });
    return measure(command, this.bundle.directory, terminal);
  }

  /** → the id of a container that waits for `start`. */
  created(bundle: Bundle): string {
    const id = this.box.id();
    this.measure(["create", "--bundle", bundle.directory, id]);
    return id;
  }

  remove(id: string): void {
    this.measure(["delete", "--force", id]);
  }

  /** A container that runs as long as the benchmark. */
  get running(): string {
    if (this.runningId === undefined) {
      const id = `${this.box.name}-running`;
      this.measure(["run", "--detach", "--bundle", this.sleeper.directory, id]);
      this.runningId = id;
    }
    return this.runningId;
  }
}
