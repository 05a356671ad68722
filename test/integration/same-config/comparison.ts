/** Runs one configuration under one runtime: does its program start, and with which properties? */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Report } from "../../harness/probe.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { type Bundle, Sandbox } from "../../harness/sandbox.ts";
import type { JsonObject } from "./pieces.ts";

export interface Outcome {
  started: boolean;
  stderr: string;
  /** The program's report about itself; undefined if there is none. */
  self: Record<string, unknown> | undefined;
}

/** Mount points of the configurations, which a container in a user namespace may not create. */
const DIRECTORIES = [
  "proc",
  "dev/shm",
  "dev/pts",
  "sys/fs/cgroup",
  "etc",
  "run",
  "tmp",
  "srv",
  "data",
  "host",
];
const FILES = ["etc/resolv.conf", "etc/hosts", "etc/hostname", "run/.containerenv"];

/** Stands for the id of the container in cgroupsPath. */
const CGROUP = "cgroup-id";

/** The bundles of one runtime, which differ only in config.json. */
export class Candidate {
  readonly runtime: Runtime;
  private readonly box: Sandbox;
  private readonly bundle: Bundle;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    this.box = new Sandbox(runtime);
    this.bundle = this.box.bundle();
    this.furnish();
    mkdirSync(join(this.directory, "files"));
    for (const file of FILES)
      writeFileSync(join(this.directory, "files", file.split("/").at(-1) as string), "");
  }

  get directory(): string {
    return this.bundle.directory;
  }

  /** Whatever paths the configuration names on the host, only the sandbox is changed. */
  async run(text: string): Promise<Outcome> {
    await this.box.seal();
    const id = this.box.id();
    this.bundle.writeRaw(text.replaceAll(CGROUP, id));
    const { status, stdout, stderr } = await this.box.call(["run", "--bundle", this.directory, id]);
    // A container without a mount on /dev leaves files in it that would disturb the next one.
    rmSync(join(this.bundle.rootfs, "dev"), { recursive: true, force: true });
    this.furnish();
    const started = status === 0 && stdout.includes("[{");
    return { started, stderr, self: started ? selfOf(stdout) : undefined };
  }

  dispose(): Promise<string[]> {
    return this.box.dispose();
  }

  private furnish(): void {
    const { rootfs } = this.bundle;
    for (const path of DIRECTORIES) mkdirSync(join(rootfs, path), { recursive: true });
    for (const path of ["", "etc", "run", "dev"]) chmodSync(join(rootfs, path), 0o777);
    for (const path of FILES) writeFileSync(join(rootfs, path), "");
  }
}

/** Undefined if the change concerned the program's arguments. */
function selfOf(stdout: string): Outcome["self"] {
  const answer = new Report(stdout).answers.find(({ action }) => action === "self");
  return answer === undefined ? undefined : { ...answer };
}

/** A configuration for `candidate`, whose program reports about itself. */
export function configurationFor(candidate: Candidate, make: (directory: string) => JsonObject): JsonObject {
  const config = make(candidate.directory);
  (config["process"] as JsonObject)["args"] = ["/probe", "self"];
  return config;
}
