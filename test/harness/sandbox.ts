/** A private place for one test: state root, bundles, runtime calls; everything in it has one unique name. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Config, defaultConfig, type Edit } from "./config.ts";
import { leaksOf, ownerOf, removeLeaks, unmountAll } from "./leaks.ts";
import { probePath, Report } from "./probe.ts";
import { sandboxPrefix } from "./run-name.ts";
import {
  bareEnvironment,
  isBunc,
  type Result,
  type Runtime,
  runtime as runtimeUnderTest,
} from "./runtime.ts";
import { Seal } from "./seal.ts";

/** Longer than any call takes on a loaded machine: a runtime that is still running by then hangs. */
const hangTimeoutMs = 60_000;

export interface State {
  ociVersion: string;
  id: string;
  pid: number;
  status: string;
  bundle: string;
  rootfs: string;
  created: string;
  annotations?: Record<string, string>;
  owner: string;
}

export interface CallOptions {
  cwd?: string;
  env?: Record<string, string>;
  stdin?: string;
  /** A command prefix that runs the runtime: `["setpriv", …]`. */
  wrapper?: string[];
  root?: string | null;
}

export class Bundle {
  readonly directory: string;
  readonly config: Config;

  constructor(directory: string, config: Config) {
    this.directory = directory;
    this.config = config;
  }

  get rootfs(): string {
    return join(this.directory, "rootfs");
  }

  /** Rewrites config.json after `edit`. */
  edit(edit: Edit): this {
    edit(this.config);
    this.writeRaw(JSON.stringify(this.config));
    return this;
  }

  writeRaw(text: string | Uint8Array): void {
    writeFileSync(join(this.directory, "config.json"), text);
  }
}

export class Sandbox {
  readonly directory: string;
  /** Prefix of every container id and path of this sandbox. */
  readonly name: string;
  readonly root: string;
  readonly runtime: Runtime;
  private bundles = 0;
  private ids = 0;
  private calls = 0;
  #seal: Seal | undefined;
  /** Streams of calls whose owner or mode the runtime has changed. */
  private readonly changedStreams: string[] = [];

  /** `stateOn`: a directory for the state root; default: the sandbox's own. */
  constructor(runtime: Runtime = runtimeUnderTest, stateOn?: string) {
    this.runtime = runtime;
    this.directory = mkdtempSync(join(tmpdir(), sandboxPrefix));
    // A container of another user must be able to reach its root file system.
    chmodSync(this.directory, 0o755);
    this.name = basename(this.directory);
    this.root = stateOn === undefined ? join(this.directory, "state") : join(stateOn, this.name);
  }

  id(): string {
    return `${this.name}-${this.ids++}`;
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  /** From now on no call can write outside the sandbox. */
  async seal(): Promise<Seal> {
    this.#seal ??= await Seal.make(`${this.name}-sealed`, this.directory);
    return this.#seal;
  }

  /** A new bundle whose root file system contains only `/probe`. */
  bundle(edit: Edit = () => {}): Bundle {
    const directory = this.path(`bundle-${this.bundles++}`);
    mkdirSync(join(directory, "rootfs"), { recursive: true });
    copyFileSync(probePath(), join(directory, "rootfs/probe"));
    const bundle = new Bundle(directory, defaultConfig());
    return bundle.edit(edit);
  }

  /** A bundle whose process is the probe with these actions. */
  probe(actions: string[], edit: Edit = () => {}): Bundle {
    return this.bundle((config) => {
      config.process.args = ["/probe", ...actions];
      edit(config);
    });
  }

  /** Command line of the runtime with its global flags. */
  commandLine(args: string[], options: CallOptions = {}): string[] {
    const root = options.root === undefined ? this.root : options.root;
    return [
      ...(this.#seal?.wrapper ?? []),
      ...(options.wrapper ?? []),
      this.runtime.path,
      ...this.runtime.globalFlags,
      ...(root === null ? [] : ["--root", root]),
      ...args,
    ];
  }

  /**
   * Runs the runtime until it exits. Output goes to files, because a container that outlives the call keeps
   * the standard streams it was given.
   */
  async call(args: string[], options: CallOptions = {}): Promise<Result> {
    const stem = this.path(`call-${this.calls++}`);
    const stdout = openSync(`${stem}.stdout`, "w+");
    const stderr = openSync(`${stem}.stderr`, "w+");
    const streams = [stdout, stderr];
    const owners = streams.map((fd) => ownerOf(fstatSync(fd)));
    const child = Bun.spawn(this.commandLine(args, options), {
      cwd: options.cwd ?? this.directory,
      env: options.env ?? bareEnvironment,
      stdin: options.stdin === undefined ? "ignore" : new Blob([options.stdin]),
      stdout,
      stderr,
    });
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, hangTimeoutMs);
    const status = await child.exited;
    clearTimeout(timer);
    for (const [index, fd] of streams.entries()) {
      const owner = ownerOf(fstatSync(fd));
      // runc changes the owner of the files that are a detached process's streams.
      if (isBunc && owner !== owners[index])
        this.changedStreams.push(`stream ${index + 1} of ${args[0]}: was ${owners[index]}, is ${owner}`);
      closeSync(fd);
    }
    const result = {
      status,
      stdout: readFileSync(`${stem}.stdout`, "utf8"),
      stderr: readFileSync(`${stem}.stderr`, "utf8"),
    };
    if (hung) throw new Error(`${this.runtime.name} ${args.join(" ")} hangs; stderr: ${result.stderr}`);
    return result;
  }

  /** Like `call`, but the status must be 0. */
  async must(args: string[], options: CallOptions = {}): Promise<Result> {
    const result = await this.call(args, options);
    if (result.status !== 0) {
      throw new Error(`${this.runtime.name} ${args.join(" ")}: status ${result.status}: ${result.stderr}`);
    }
    return result;
  }

  async run(bundle: Bundle, flags: string[] = [], options: CallOptions = {}): Promise<Result> {
    return this.call(["run", ...flags, "--bundle", bundle.directory, this.id()], options);
  }

  /** Runs the probe in the foreground. → its report. */
  async report(actions: string[], edit: Edit = () => {}, flags: string[] = []): Promise<Report> {
    return this.reportOf(this.probe(actions, edit), flags);
  }

  async reportOf(bundle: Bundle, flags: string[] = [], options: CallOptions = {}): Promise<Report> {
    const result = await this.run(bundle, flags, options);
    if (result.status !== 0)
      throw new Error(`run: status ${result.status}: ${result.stderr}${result.stdout}`);
    return new Report(result.stdout);
  }

  /** → the id of a created container; its output is in `output(id)`. */
  async create(bundle: Bundle, flags: string[] = [], options: CallOptions = {}): Promise<string> {
    const id = this.id();
    await this.must(["create", ...flags, "--bundle", bundle.directory, id], options);
    return id;
  }

  /** → the id of a container whose process is running. */
  async started(bundle: Bundle, flags: string[] = []): Promise<string> {
    const id = await this.create(bundle, flags);
    await this.must(["start", id]);
    return id;
  }

  async state(id: string): Promise<State> {
    return JSON.parse((await this.must(["state", id])).stdout) as State;
  }

  /** Waits until the container has this status, by polling, as clients do. */
  async waitFor(id: string, status: string): Promise<State> {
    return until(`${id} is ${status}`, async () => {
      const state = await this.state(id);
      return state.status === status ? state : undefined;
    });
  }

  /** Runs the probe in a running container by `exec`. → its report. */
  async exec(id: string, actions: string[], flags: string[] = []): Promise<Report> {
    return new Report((await this.must(["exec", ...flags, id, "/probe", ...actions])).stdout);
  }

  /** Deletes everything that was made here. → what the runtime has left behind. */
  async dispose(): Promise<string[]> {
    if (existsSync(this.root)) {
      for (const id of readdirSync(this.root)) await this.call(["delete", "--force", id]);
    }
    await this.#seal?.break();
    const states = existsSync(this.root) ? readdirSync(this.root).map((id) => join(this.root, id)) : [];
    // The kernel removes a process from its cgroup a moment after its parent has reaped it.
    let leaks = leaksOf(this.name, states);
    for (let attempt = 0; leaks.length > 0 && attempt < 50; attempt++) {
      await Bun.sleep(20);
      leaks = leaksOf(this.name, states);
    }
    if (leaks.length > 0) removeLeaks(this.name);
    // Never remove files through a mount that a runtime left: it may lead to the host's own.
    if (unmountAll(this.directory)) rmSync(this.directory, { recursive: true, force: true });
    if (!this.root.startsWith(this.directory)) rmSync(this.root, { recursive: true, force: true });
    return [...leaks, ...this.changedStreams];
  }
}

/** Polls until `check` returns a value; the error after a timeout names `what`. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + hangTimeoutMs / 4;
  while (performance.now() < deadline) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    await Bun.sleep(10);
  }
  throw new Error(`waited in vain until ${what}`);
}
