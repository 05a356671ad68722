/** Root file systems to install into, each entered so that this host keeps nothing of it. */
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cached, cacheKey } from "../vm/cache.ts";
import { debianSources, installRoot } from "../vm/debian.ts";
import { ownedDirectory } from "../vm/owned-directory.ts";
import { runTool } from "../vm/process.ts";

/** A directory that `body` may fill; it is gone afterwards. */
export async function inScratch<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = ownedDirectory(tmpdir(), "bunc-install");
  chmodSync(directory, 0o755);
  try {
    return await body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Debian of this host's release, as small as it gets; the cache keeps it. */
export async function debianRoot(root: string): Promise<void> {
  const sources = await debianSources("host");
  const kept = await cached("root-install", cacheKey(sources), async (scratch) => {
    await installRoot(join(scratch, "root"), sources, ["base-files"], []);
  });
  await runTool(["cp", "--archive", join(kept, "root"), root]);
}

/** A root of busybox alone, as Alpine's is, without Alpine's packages. */
export function busyboxRoot(root: string): void {
  for (const name of ["bin", "usr/local/bin", "tmp", "proc", "sys", "dev"]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync("/bin/busybox", join(root, "bin/busybox"));
  const { stdout } = Bun.spawnSync(["/bin/busybox", "--list"]);
  for (const name of stdout.toString().split("\n").filter(Boolean)) {
    if (name !== "busybox") symlinkSync("busybox", join(root, "bin", name));
  }
}

/** A root with nothing but the places of the kernel's file systems. */
export function emptyRoot(root: string): void {
  for (const name of ["tmp", "proc", "sys", "dev"]) mkdirSync(join(root, name), { recursive: true });
}

/** Makes the bundle of a container that has busybox. */
export function bundle(directory: string): void {
  mkdirSync(join(directory, "rootfs/bin"), { recursive: true });
  copyFileSync("/bin/busybox", join(directory, "rootfs/bin/busybox"));
  symlinkSync("busybox", join(directory, "rootfs/bin/sh"));
  symlinkSync("busybox", join(directory, "rootfs/bin/sleep"));
}

/** The root is a mount of its own: pivot_root(2) wants that of the root of who calls it. */
const enter = `
exec 2>&1
mount --make-rprivate /
mount --bind "$0" "$0"
cd "$0"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
exec env --ignore-environment LANG=C.UTF-8 HOME=/root \\
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot . "$@"
`;

/** Runs a command in the root, as pid 1's child of a new process namespace; → what it printed, to both streams. */
export async function inRoot(root: string, ...command: string[]): Promise<string> {
  const namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];
  return await runTool([...namespaces, "sh", "-ec", enter, root, ...command]);
}

/** Every file below the root, for what an installation leaves. */
export async function filesOf(root: string): Promise<string[]> {
  const listing = await runTool(["find", root, "-xdev", "-printf", "%P %y %l\n"]);
  return listing.split("\n").filter(Boolean).sort();
}
