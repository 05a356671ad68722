/** A temporary unprivileged user who runs the runtime, with only a session directory. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { addUserNamespace, type Config, type Edit, mountOf, removeNamespace } from "./config.ts";
import { Report } from "./probe.ts";
import { command, type Requirement, root, userNamespaces } from "./requirements.ts";
import { bareEnvironment, type Result } from "./runtime.ts";
import { type Bundle, type CallOptions, type Sandbox, type State, until } from "./sandbox.ts";
import { scenario } from "./scenario.ts";

export class OrdinaryUser {
  readonly box: Sandbox;
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** First of the user's subordinate ids in /etc/subuid and /etc/subgid; 0 if there are none. */
  readonly firstSubordinate: number;
  /** $XDG_RUNTIME_DIR */
  session: string;
  /** Command prefix that runs as root, before the command becomes the user's. */
  #enter: string[] = [];
  #leave: (() => void)[] = [];

  /** Made by useradd(8), which also assigns subordinate ids if the distribution does so. */
  constructor(box: Sandbox) {
    this.box = box;
    this.name = `bunct${process.pid}n${OrdinaryUser.#count++}`;
    const flags = ["--no-create-home", "--add-subids-for-system", "--comment", box.name];
    const made = Bun.spawnSync(["useradd", ...flags, this.name]);
    if (!made.success) throw new Error(`useradd ${this.name}: ${made.stderr.toString()}`);
    const fields = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((line) => line.startsWith(`${this.name}:`))
      ?.split(":");
    this.uid = Number(fields?.[2]);
    this.gid = Number(fields?.[3]);
    this.firstSubordinate = this.#subordinateIds();
    this.session = this.directory("session");
    chmodSync(this.session, 0o700);
  }

  static #count = 0;

  #subordinateIds(): number {
    if (!existsSync("/etc/subuid")) return 0;
    const line = readFileSync("/etc/subuid", "utf8")
      .split("\n")
      .find((candidate) => candidate.startsWith(`${this.name}:`));
    return Number(line?.split(":")[1] ?? 0);
  }

  /** A directory in the sandbox that the user owns. */
  directory(name: string): string {
    const path = this.box.path(name);
    mkdirSync(path);
    chownSync(path, this.uid, this.gid);
    return path;
  }

  options(options: CallOptions = {}): CallOptions {
    return {
      root: null,
      env: { ...bareEnvironment, XDG_RUNTIME_DIR: this.session },
      ...options,
      wrapper: [
        ...this.#enter,
        "setpriv",
        `--reuid=${this.uid}`,
        `--regid=${this.gid}`,
        "--clear-groups",
        "--",
      ],
    };
  }

  call(args: string[], options: CallOptions = {}): Promise<Result> {
    return this.box.call(args, this.options(options));
  }

  must(args: string[], options: CallOptions = {}): Promise<Result> {
    return this.box.must(args, this.options(options));
  }

  /** A bundle of the user, with the changes of `spec --rootless`: the user is root in a new user namespace. */
  probe(actions: string[], edit: Edit = () => {}): Bundle {
    const bundle = this.box.probe(actions, (config) => {
      this.#rootless(config);
      edit(config);
    });
    chownSync(bundle.directory, this.uid, this.gid);
    chownSync(bundle.rootfs, this.uid, this.gid);
    return bundle;
  }

  #rootless(config: Config): void {
    addUserNamespace(config);
    config.linux.uidMappings = [{ containerID: 0, hostID: this.uid, size: 1 }];
    config.linux.gidMappings = [{ containerID: 0, hostID: this.gid, size: 1 }];
    removeNamespace(config, "network");
    delete config.linux.resources;
    const pts = mountOf(config, "/dev/pts");
    pts.options = (pts.options ?? []).filter((option) => !option.startsWith("gid="));
    const sys = mountOf(config, "/sys");
    sys.type = "none";
    sys.source = "/sys";
    sys.options = ["rbind", "nosuid", "noexec", "nodev", "ro"];
    config.mounts = config.mounts.filter((mount) => mount.destination !== "/sys/fs/cgroup");
  }

  /** The maps of a user with subordinate ids: root is the user, the subordinate ids follow. Two lines each. */
  mapSubordinateIds(config: Config): void {
    const others = { containerID: 1, hostID: this.firstSubordinate, size: 65535 };
    config.linux.uidMappings = [{ containerID: 0, hostID: this.uid, size: 1 }, others];
    config.linux.gidMappings = [{ containerID: 0, hostID: this.gid, size: 1 }, { ...others }];
  }

  async report(bundle: Bundle, flags: string[] = []): Promise<Report> {
    const { stdout } = await this.must(["run", ...flags, "--bundle", bundle.directory, this.box.id()]);
    return new Report(stdout);
  }

  async started(bundle: Bundle, flags: string[] = []): Promise<string> {
    const id = this.box.id();
    await this.must(["create", ...flags, "--bundle", bundle.directory, id]);
    await this.must(["start", id]);
    return id;
  }

  async exec(id: string, actions: string[], flags: string[] = []): Promise<Report> {
    return new Report((await this.must(["exec", ...flags, id, "/probe", ...actions])).stdout);
  }

  async state(id: string): Promise<State> {
    return JSON.parse((await this.must(["state", id])).stdout) as State;
  }

  /** Delegates a v2 cgroup to the user, and starts all further commands of the user in a cgroup below it. → its path. */
  delegateCgroup(): string {
    const path = `/sys/fs/cgroup/${this.box.name}-delegated`;
    const inner = `${path}/session`;
    mkdirSync(inner, { recursive: true });
    const files = ["", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"];
    for (const owned of [path, inner]) for (const file of files) chownSync(owned + file, this.uid, this.gid);
    this.#enter = ["sh", "-c", `echo $$ > ${inner}/cgroup.procs && exec "$@"`, "sh"];
    this.#leave.push(() => {
      rmdirSync(inner);
      rmdirSync(path);
    });
    return path;
  }

  /** Starts the user's systemd and its bus, as a login would. */
  async startSystemd(): Promise<void> {
    const loginctl = (verb: string) => Bun.spawnSync(["loginctl", verb, this.name]);
    const started = loginctl("enable-linger");
    if (!started.success) throw new Error(`loginctl enable-linger: ${started.stderr.toString()}`);
    this.session = `/run/user/${this.uid}`;
    await until("the user's bus is there", () => existsSync(`${this.session}/bus`) || undefined);
    this.#leave.push(() => {
      loginctl("disable-linger");
      Bun.spawnSync(["systemctl", "stop", `user@${this.uid}.service`]);
    });
  }

  async dispose(): Promise<void> {
    const states = join(this.session, "runc");
    const ids = existsSync(states) ? readdirSync(states) : [];
    for (const id of ids) await this.call(["delete", "--force", id]);
    for (const leave of this.#leave) leave();
    Bun.spawnSync(["userdel", this.name]);
  }
}

/** For maps with more than the user's own id. */
export const subordinateIds: Requirement = () =>
  command("newuidmap")() === null ? null : "needs newuidmap (Debian package uidmap)";

/** A scenario whose calls are made by an ordinary user. */
export function rootless(
  name: string,
  needs: Requirement[],
  body: (user: OrdinaryUser, box: Sandbox) => Promise<void>,
): void {
  scenario(name, [root, userNamespaces, command("useradd"), command("setpriv"), ...needs], async (box) => {
    const user = new OrdinaryUser(box);
    try {
      await body(user, box);
    } finally {
      await user.dispose();
    }
  });
}
