/** What a test left behind on the host, found by the unique name that everything of a sandbox carries. */
import { existsSync, fstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseMountinfo } from "./mountinfo.ts";

const cgroupRoot = "/sys/fs/cgroup";

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Directories of any cgroup hierarchy whose name contains `name`. */
export function cgroupsOf(name: string): string[] {
  const found: string[] = [];
  const visit = (directory: string, depth: number) => {
    let entries: import("node:fs").Dirent[];
    try {
      entries = readdirSync(directory, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      const path = join(directory, entry.name);
      if (entry.name.includes(name)) found.push(path);
      if (depth < 8) visit(path, depth + 1);
    }
  };
  visit(cgroupRoot, 0);
  return found;
}

/** Processes in a cgroup of that name, or with the name on their command line; this one excepted. */
export function processesOf(name: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) => {
      // A zombie has no command line and waits for its parent, which is what is asked about then.
      if (/^State:\s+Z/m.test(readOrEmpty(`/proc/${pid}/status`))) return false;
      return (
        readOrEmpty(`/proc/${pid}/cgroup`).includes(name) ||
        readOrEmpty(`/proc/${pid}/cmdline`).includes(name)
      );
    })
    .map(Number);
}

export function mountsOf(name: string): string[] {
  return readOrEmpty("/proc/self/mountinfo")
    .split("\n")
    .filter((line) => line.includes(name));
}

/** Detaches every mount below `directory`. → whether none is left. */
export function unmountAll(directory: string): boolean {
  const below = () =>
    parseMountinfo(readOrEmpty("/proc/self/mountinfo")).filter((entry) => entry.target.startsWith(directory));
  for (const entry of below().reverse()) Bun.spawnSync(["umount", "--lazy", entry.target]);
  return below().length === 0;
}

/** SIGKILL for a process that may be gone by now. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Ends and removes what a runtime left, so that one failure does not spread over the machine. */
export function removeLeaks(name: string): void {
  for (const pid of processesOf(name)) killIfThere(pid);
  // Deepest first; a process needs a moment to leave its cgroup.
  for (let attempt = 0; attempt < 50 && cgroupsOf(name).length > 0; attempt++) {
    for (const path of cgroupsOf(name).toReversed()) Bun.spawnSync(["rmdir", path], { stderr: "ignore" });
    Bun.sleepSync(20);
  }
}

/** Every leak of `name`, as a line each; empty when the host is clean. */
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

/** Everybody's; who runs something in the foreground hands them over as streams. */
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

/** A line for each of them that is no longer as it was. */
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
