/**
 * A place for calls of the runtime with input that nobody chose: nothing outside of the sandbox can be written there, and all
 * cgroups are below one that goes with it.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type Hierarchy, hierarchies, removeCgroupTrees } from "./cgroup-hierarchies.ts";
import { probePath, Report } from "./probe.ts";
import { projectRoot } from "./project.ts";
import { command, kernel, type Requirement, root } from "./requirements.ts";

export const sealable: Requirement[] = [
  root,
  kernel(5, 12, "mount_setattr(2)"),
  command("unshare"),
  command("nsenter"),
];

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The shell's, for each cgroup: the shell itself goes into it. */
const enter = (cgroups: readonly string[]) =>
  cgroups.map((path) => `echo $$ >${quoted(`${path}/cgroup.procs`)}`).join(" && ");

export class Seal {
  /** Of every cgroup that is made inside: a part of its path on the host, and of none inside. */
  readonly #cgroup: string;
  readonly #parents: string[];
  readonly #holder;

  /** `name`: of the cgroup that all others are below. `directory`: what can be written. */
  static async make(name: string, directory: string): Promise<Seal> {
    const seal = new Seal(name, directory);
    const { value = new Uint8Array() } = await seal.#holder.stdout.getReader().read();
    const [answer] = new Report(new TextDecoder().decode(value)).answers;
    const errno = answer?.errno;
    if (errno !== "ok") throw new Error(`everything but ${directory} cannot be made read-only: ${errno}`);
    return seal;
  }

  private constructor(name: string, directory: string) {
    const mounted = hierarchies();
    this.#cgroup = `/${name}`;
    this.#parents = mounted.map((hierarchy) => parentIn(hierarchy, name));
    const mounts = mounted.map(({ mountPoint, type, controllers }) => {
      const options = controllers.length === 0 ? "" : `-o ${quoted(controllers.join(","))}`;
      return `mount -t ${type} ${options} none ${quoted(mountPoint)}`;
    });
    const places = mounted.map(({ mountPoint }) => mountPoint);
    // The runtime, where somebody has cloned the project there.
    const kept = projectRoot.startsWith("/tmp/") ? projectRoot : "";
    const inside = [
      enter(this.#callers),
      ...places.toReversed().map((place) => `umount --lazy ${quoted(place)}`),
      ...mounts,
      `exec ${quoted(probePath())} ${quoted(`seal:${[directory, kept, ...places].join(",")}`)} sleep`,
    ];
    const outside = `${enter(this.#parents)} && exec unshare --mount --cgroup --propagation private sh -c "$0"`;
    this.#holder = Bun.spawn(["sh", "-c", outside, inside.join(" && ")], {
      stdout: "pipe",
      stderr: "inherit",
    });
  }

  /** Where the runtime itself is: on v2 a cgroup that has processes has no cgroups below it that are limited. */
  get #callers(): string[] {
    return this.#parents.map((path) => `${path}/caller`);
  }

  /** What a command line is put behind. */
  get wrapper(): string[] {
    const inside = `cd "$0" && exec "$@"`;
    const nsenter = `nsenter --target ${this.#holder.pid} --mount --cgroup -- sh -c ${quoted(inside)} "$PWD" "$@"`;
    return ["sh", "-c", `${enter(this.#callers)} && exec ${nsenter}`, "sh"];
  }

  /** The path that a cgroup of the host's has inside. */
  pathInside(path: string): string {
    return path.replace(this.#cgroup, "");
  }

  /** Ends it, and removes its cgroups. Those with processes stay. */
  async break(): Promise<void> {
    this.#holder.kill("SIGKILL");
    await this.#holder.exited;
    removeCgroupTrees(this.#parents);
  }
}

/** A new cgroup for a seal, with one below it for callers, that processes can enter. */
function parentIn({ mountPoint, type, controllers }: Hierarchy, name: string): string {
  const parent = `${mountPoint}/${name}`;
  if (type === "cgroup2") passOnControllers(mountPoint);
  let above = mountPoint;
  for (const path of [parent, `${parent}/caller`]) {
    mkdirSync(path);
    // On v1 they begin empty, and nobody can enter.
    if (controllers.includes("cpuset"))
      for (const file of ["cpuset.cpus", "cpuset.mems"])
        writeFileSync(`${path}/${file}`, readFileSync(`${above}/${file}`, "utf8"));
    above = path;
  }
  return parent;
}

/** As runtimes do for the cgroups above their own. */
function passOnControllers(cgroup: string): void {
  for (const name of readFileSync(`${cgroup}/cgroup.controllers`, "utf8").trim().split(" ").filter(Boolean))
    writeFileSync(`${cgroup}/cgroup.subtree_control`, `+${name}`);
}
