/** The static executable that runs as the container's process (test/probe), and its answers. */
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type MountEntry, parseMountinfo } from "./mountinfo.ts";
import { projectRoot } from "./project.ts";

interface Limit {
  soft: string;
  hard: string;
}

/** The answer to the action `self`; capabilities, signals and CPUs are numbers. */
export interface SelfReport {
  pid: number;
  ppid: number;
  pgid: number;
  sid: number;
  uids: number[];
  gids: number[];
  groups: number[];
  cwd: string;
  umask: number;
  args: string[];
  env: string[];
  hostname: string;
  domainname: string;
  machine: string;
  capabilities: Record<"effective" | "permitted" | "inheritable" | "bounding" | "ambient", number[]>;
  noNewPrivileges: boolean;
  dumpable: number;
  seccomp: number;
  securebits: number;
  parentDeathSignal: number;
  childSubreaper: boolean;
  timerSlackNs: number;
  rlimits: Record<string, Limit>;
  scheduler: Record<"policy" | "flags" | "nice" | "priority" | "runtime" | "deadline" | "period", number>;
  ioPriorityClass: number;
  ioPriority: number;
  affinity: number[];
  personality: number;
  memoryPolicy: number;
  blockedSignals: number[];
  ignoredSignals: number[];
  terminal: {
    isTerminal: boolean;
    rows?: number;
    columns?: number;
    controlling?: boolean;
    foreground?: boolean;
  }[];
  fds: { fd: number; closeOnExec: boolean; statusFlags: number; target: string }[];
  loopback: { errno: string; up?: boolean };
  sessionKeyring: { errno: string; id?: number; description?: string };
}

/** The answer to one action: `errno` is "ok" or a name such as "ENOENT"; the other fields depend on the action. */
export interface Answer {
  action: string;
  errno?: string;
  data?: string;
  target?: string;
  entries?: string[];
  type?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  major?: number;
  minor?: number;
  onMajor?: number;
  onMinor?: number;
  inode?: string;
  size?: string;
  bytes?: string;
  inodes?: string;
  result?: string;
  forked?: number;
  refused?: number;
  opened?: number;
  writable?: number;
  written?: number;
  own?: number;
  taken?: number;
  eaten?: number;
  signal?: number;
  pid?: number;
  ready?: boolean;
  listening?: boolean;
  withDescriptor?: boolean;
  text?: string;
  isTerminal?: boolean;
  rows?: number;
  columns?: number;
}

/** The answers of one probe process, by action. */
export class Report {
  readonly answers: Answer[];

  constructor(output: string) {
    // On a terminal lines end with \r\n, and the container's process may have printed more than JSON.
    const lines = output.split(/\r?\n/).filter((line) => line.startsWith("[{"));
    if (lines.length === 0)
      throw new Error(`the probe printed no report: ${JSON.stringify(output.slice(0, 2000))}`);
    this.answers = lines.flatMap((line) => JSON.parse(line) as Answer[]);
  }

  get(action: string): Answer {
    const answer = this.answers.find((candidate) => candidate.action === action);
    if (answer === undefined) throw new Error(`the probe did not answer ${action}`);
    return answer;
  }

  get self(): SelfReport {
    return this.get("self") as unknown as SelfReport;
  }

  get namespaces(): Record<string, string> {
    const { action: _, ...links } = this.get("namespaces");
    return links as unknown as Record<string, string>;
  }

  errno(action: string): string {
    return this.get(action).errno ?? "ok";
  }

  /** Contents of a file, from the action `read:`. */
  read(path: string): string {
    const answer = this.get(`read:${path}`);
    if (answer.data === undefined) throw new Error(`the probe could not read ${path}: ${answer.errno}`);
    return answer.data;
  }

  get mounts(): MountEntry[] {
    return parseMountinfo(this.read("/proc/self/mountinfo"));
  }

  /** A field of /proc/self/status, such as `CapInh`. */
  status(field: string): string {
    const line = this.read("/proc/self/status")
      .split("\n")
      .find((candidate) => candidate.startsWith(`${field}:`));
    if (line === undefined) throw new Error(`no ${field} in /proc/self/status`);
    return line.slice(field.length + 1).trim();
  }
}

const sources = resolve(projectRoot, "test/probe");
const machines = { x64: "x86_64", arm64: "aarch64" } as const;
type Machine = keyof typeof machines;
const own: Machine = process.arch === "arm64" ? "arm64" : "x64";

function isFresh(built: string): boolean {
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  return readdirSync(sources).every((name) => statSync(resolve(sources, name)).mtimeMs <= builtAt);
}

/**
 * Path of the probe for an architecture. Compiles it if its sources are newer; several workers may do so at once. Like
 * dist/bunc, the probe for another architecture than this machine's has a hyphen and its name as suffix.
 */
export function probePath(machine: Machine = own): string {
  const built = resolve(projectRoot, machine === own ? "dist/probe" : `dist/probe-${machine}`);
  if (isFresh(built)) return built;
  mkdirSync(resolve(projectRoot, "dist"), { recursive: true });
  const temporary = `${built}.${process.pid}`;
  const compiled = Bun.spawnSync(
    [
      resolve(projectRoot, "node_modules/.bin/zig"),
      "build-exe",
      "test/probe/probe.zig",
      ...["-target", `${machines[machine]}-linux-none`],
      ...["-O", "ReleaseSmall", "-fstrip", "-fsingle-threaded"],
      `-femit-bin=${temporary}`,
    ],
    { cwd: projectRoot, stderr: "pipe" },
  );
  if (!compiled.success) throw new Error(`zig could not compile the probe:\n${compiled.stderr.toString()}`);
  renameSync(temporary, built);
  return built;
}
