/**
 * An environment for calls of the runtime with random input: nothing outside the sandbox is writable in it, and all cgroups
 * are below one that is removed with it.
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

/** Shell code for each cgroup: the shell moves itself into it. */
const enter = (cgroups: readonly string[]) =>
  cgroups.map((path) => `echo $$ >${quoted(`${path}/cgroup.procs`)}`).join(" && ");

export class Seal {
  /** A component of the host path of every cgroup that is made inside; paths inside do not contain it. */
  readonly #cgroup: string;
  readonly #parents: string[];
  readonly #holder;

  /** `name`: of the cgroup above all others. `directory`: the only writable directory. */
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
    // The runtime must stay reachable if the project was cloned there.
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

  /** The runtime's own cgroup: on v2 a cgroup with processes cannot have cgroups with limits below it. */
  get #callers(): string[] {
    return this.#parents.map((path) => `${path}/caller`);
  }

  /** The prefix of a command line. */
  get wrapper(): string[] {
    const inside = `cd "$0" && exec "$@"`;
    const nsenter = `nsenter --target ${this.#holder.pid} --mount --cgroup -- sh -c ${quoted(inside)} "$PWD" "$@"`;
    return ["sh", "-c", `${enter(this.#callers)} && exec ${nsenter}`, "sh"];
  }

  /** The path of a host cgroup, as seen inside. */
  pathInside(path: string): string {
    return path.replace(this.#cgroup, "");
  }

  /** Ends the seal, and removes its cgroups. Cgroups with processes stay. */
  async break(): Promise<void> {
    this.#holder.kill("SIGKILL");
    await this.#holder.exited;
    removeCgroupTrees(this.#parents);
  }
}

/** Makes a cgroup for a seal, with one below it for callers, both ready for processes. */
function parentIn({ mountPoint, type, controllers }: Hierarchy, name: string): string {
  const parent = `${mountPoint}/${name}`;
  if (type === "cgroup2") passOnControllers(mountPoint);
  let above = mountPoint;
  for (const path of [parent, `${parent}/caller`]) {
    mkdirSync(path);
    // On v1 cpuset.cpus and cpuset.mems start empty, and such a cgroup accepts no processes.
    if (controllers.includes("cpuset"))
      for (const file of ["cpuset.cpus", "cpuset.mems"])
        writeFileSync(`${path}/${file}`, readFileSync(`${above}/${file}`, "utf8"));
    above = path;
  }
  return parent;
}

/** Like a runtime for the cgroups above its containers'. */
function passOnControllers(cgroup: string): void {
  for (const name of readFileSync(`${cgroup}/cgroup.controllers`, "utf8").trim().split(" ").filter(Boolean))
    writeFileSync(`${cgroup}/cgroup.subtree_control`, `+${name}`);
}
