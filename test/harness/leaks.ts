/** Finds what a test left behind on the host, by the unique name that everything in a sandbox carries. */
import { existsSync, fstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { removeCgroupTrees } from "./cgroup-hierarchies.ts";
import { type MountEntry, parseMountinfo } from "./mountinfo.ts";
import { sandboxName } from "./run-name.ts";

const cgroupRoot = "/sys/fs/cgroup";

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The sandbox that a name belongs to. */
const sandboxOf = (name: string) => sandboxName.exec(name)?.[0];

/** Directories in all cgroup hierarchies whose names contain `name`; parents come first. */
export function cgroupsOf(name: string): string[] {
  const found: string[] = [];
  const visit = (directory: string, depth: number) => {
    let entries: import("node:fs").Dirent[];
    try {
      // A directory's link count shows whether it has subdirectories, so most need not be read.
      if (statSync(directory).nlink === 2) return;
      entries = readdirSync(directory, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      const path = join(directory, entry.name);
      const isWanted = entry.name.includes(name);
      if (isWanted) found.push(path);
      // There may be many cgroups below those of another sandbox.
      const sandbox = sandboxOf(entry.name);
      if (!isWanted && sandbox !== undefined && !name.includes(sandbox)) continue;
      if (depth < 8) visit(path, depth + 1);
    }
  };
  visit(cgroupRoot, 0);
  return found;
}

/** All processes except this one and zombies, which only wait for their parents to reap them. */
export function processIds(): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) => !/^State:\s+Z/m.test(readOrEmpty(`/proc/${pid}/status`)))
    .map(Number);
}

/** Processes in a cgroup of that name, or with the name on their command line, except this one. */
export function processesOf(name: string): number[] {
  return processIds().filter(
    (pid) =>
      readOrEmpty(`/proc/${pid}/cgroup`).includes(name) || readOrEmpty(`/proc/${pid}/cmdline`).includes(name),
  );
}

/** `NAME=value` strings, as they were when the process was started. */
export const environmentOf = (pid: number): string[] => readOrEmpty(`/proc/${pid}/environ`).split("\0");

export function mountsOf(name: string): string[] {
  return readOrEmpty("/proc/self/mountinfo")
    .split("\n")
    .filter((line) => line.includes(name));
}

/** Detaches the selected mounts, newest first. → whether none is left. */
function unmountThose(isMeant: (entry: MountEntry) => boolean): boolean {
  const found = () => parseMountinfo(readOrEmpty("/proc/self/mountinfo")).filter(isMeant);
  for (const { target } of found().reverse()) Bun.spawnSync(["umount", "--lazy", target]);
  return found().length === 0;
}

/** Every mount below `directory`. → whether none is left. */
export const unmountAll = (directory: string): boolean =>
  unmountThose(({ target }) => target.startsWith(directory));

/** Every mount with the name in its mount point or its root. */
export const unmountNamed = (name: string): boolean =>
  unmountThose(({ target, root }) => target.includes(name) || root.includes(name));

/** Sends SIGKILL to a process that may have exited by now. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** On v1 a frozen process does not die until it is thawed. */
function thaw(cgroups: readonly string[]): void {
  const frozen = cgroups.filter((path) => existsSync(`${path}/freezer.state`));
  if (frozen.length === 0) return;
  const each = ["sh", "-c", 'for file; do echo THAWED >"$file"; done', "sh", "{}", "+"];
  Bun.spawnSync(["find", ...frozen, "-name", "freezer.state", "-exec", ...each], { stderr: "ignore" });
}

/**
 * Kills and removes what a runtime left behind, so that one failure does not affect later tests. `find`: returns its processes;
 * called until none is left.
 */
export function removeLeaks(name: string, find: () => number[] = () => processesOf(name)): void {
  for (let attempt = 0; attempt < 100; attempt++) {
    const cgroups = cgroupsOf(name);
    const processes = find();
    if (cgroups.length === 0 && processes.length === 0) return;
    for (const pid of processes) killIfThere(pid);
    if (processes.length > 0) thaw(cgroups);
    removeCgroupTrees(cgroups);
    // A dead process leaves its cgroup a moment later.
    Bun.sleepSync(20);
  }
}

/** One line for each leak of `name`; empty if the host is clean. */
export function leaksOf(name: string, paths: string[]): string[] {
  return [
    ...processesOf(name).map(
      (pid) => `process ${pid}: ${readOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`,
    ),
    ...mountsOf(name).map((line) => `mount: ${line}`),
    ...cgroupsOf(name).map((path) => `cgroup: ${path}`),
    ...paths.filter((path) => existsSync(path)).map((path) => `file: ${path}`),
  ];
}

/** Devices shared by all users; a foreground container may get them as streams. */
const sharedNodes = ["/dev/null", "/dev/tty", "/dev/console"];

/** Owner and mode of the host's shared devices and of this process's own streams: name → "0:0 20666". */
export function sharedOwners(): Map<string, string> {
  const owners = new Map<string, string>();
  const add = (name: string, look: () => import("node:fs").Stats) => {
    try {
      owners.set(name, ownerOf(look()));
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      // A container has no /dev/console; a stream may be closed.
      if (code !== "ENOENT" && code !== "EBADF") throw error;
    }
  };
  for (const path of sharedNodes) add(path, () => statSync(path));
  for (const fd of [0, 1, 2]) add(`descriptor ${fd}`, () => fstatSync(fd));
  return owners;
}

/** A line for each of them that has changed. */
export function changedOwners(before: ReadonlyMap<string, string>): string[] {
  const now = sharedOwners();
  return [...before].flatMap(([name, owner]) =>
    now.get(name) === owner ? [] : [`${name}: was ${owner}, is ${now.get(name) ?? "gone"}`],
  );
}

/** "UID:GID MODE", the mode octal with the file type. */
export function ownerOf({ uid, gid, mode }: { uid: number; gid: number; mode: number }): string {
  return `${uid}:${gid} ${mode.toString(8)}`;
}
