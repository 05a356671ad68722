/** One runtime in the benchmark, with a state root and bundles of its own. */
import { existsSync } from "node:fs";
import { bareEnvironment, type Runtime } from "../harness/runtime.ts";
import { type Bundle, Sandbox } from "../harness/sandbox.ts";
import { type Measure, measure } from "./measure.ts";

interface MeasureOptions {
  terminal?: boolean;
  /** A command that runs the runtime's. */
  wrapper?: string[];
}

export class Contender {
  readonly box: Sandbox;
  /** Its process ends at once. */
  readonly bundle: Bundle;
  /** Its process waits for ever. */
  readonly sleeper: Bundle;
  /** A command that all commands are measured through: strace, for a while. */
  through: readonly string[] = [];
  private runningId: string | undefined;

  constructor(runtime: Runtime) {
    // On a tmpfs, as /run is on a host: what a file system on a disk costs is not the runtimes' to answer for.
    this.box = new Sandbox(runtime, existsSync("/dev/shm") ? "/dev/shm" : undefined);
    // The probe does what true(1) does, as a static program.
    this.bundle = this.box.probe(["exit:0"]);
    this.sleeper = this.box.probe(["sleep"]);
  }

  get name(): string {
    return this.box.runtime.name;
  }

  /** Why it cannot run a container on this machine; null: it can. */
  refusal(): string | null {
    const { exitCode, stderr } = this.quietly(this.runArgs(this.bundle));
    return exitCode === 0 ? null : stderr.toString().trim();
  }

  /** Of a new container. */
  runArgs(bundle: Bundle, ...flags: string[]): string[] {
    return ["run", ...flags, "--bundle", bundle.directory, this.box.id()];
  }

  quietly(args: string[]) {
    return Bun.spawnSync(this.box.commandLine(args), { env: bareEnvironment, stdin: "ignore" });
  }

  /** Runs one command to its end, which has to be a good one. */
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

  /** A container that runs for as long as the benchmark does. */
  get running(): string {
    if (this.runningId === undefined) {
      const id = `${this.box.name}-running`;
      this.measure(["run", "--detach", "--bundle", this.sleeper.directory, id]);
      this.runningId = id;
    }
    return this.runningId;
  }
}
