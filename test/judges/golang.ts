/**
 * Builds Go programs from Debian's source packages in a separate Debian root file system, with Debian's Go and packaged
 * libraries, so that nothing depends on this host. The root file system is never changed after it is made.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cached, cacheKey } from "../vm/cache.ts";
import { debianSources, installRoot } from "../vm/debian.ts";
import { runTool } from "../vm/process.ts";

/** The Debian source packages that contain the suites, unpacked in /usr/src/NAME of the tree. */
type SourcePackage = "runc" | "golang-github-opencontainers-runtime-tools";
const sourcePackages: readonly SourcePackage[] = ["runc", "golang-github-opencontainers-runtime-tools"];

const packages = [
  "busybox-static",
  "gcc",
  "golang-github-google-uuid-dev",
  "golang-github-opencontainers-runc-dev",
  "golang-github-opencontainers-runtime-tools-dev",
  "golang-go",
  "libc6-dev",
  "libseccomp-dev",
  "patch",
  "pkgconf",
  "xz-utils",
];

interface GolangTree {
  readonly path: string;
  /** Identifies its contents, sources included. */
  readonly key: string;
}

export async function golangTree(): Promise<GolangTree> {
  const sources = (await debianSources("sid")).replaceAll("Types: deb\n", "Types: deb deb-src\n");
  const unpack = readFileSync(join(import.meta.dir, "unpack-source.sh"), "utf8");
  const key = cacheKey(sources, packages, sourcePackages, unpack);
  const directory = await cached("golang", key, async (scratch) => {
    await installRoot(join(scratch, "tree"), sources, packages, [
      `cp ${join(import.meta.dir, "unpack-source.sh")} "$1/usr/src/"`,
      ...sourcePackages.map((name) => `chroot "$1" bash /usr/src/unpack-source.sh ${name}`),
    ]);
  });
  return { path: join(directory, "tree"), key };
}

/**
 * Runs the bash script `script` in the tree, with /tmp for scratch files, the directory `output` at /mnt and the Go
 * packages `extra` (paths and texts) in /tmp/go. Go finds Debian's libraries, and its output contains no path of this host.
 */
export async function buildInTree(
  tree: GolangTree,
  script: string,
  output: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<void> {
  const isolated = `
    set -e
    mount -t proc proc "$0/proc"
    mount -t tmpfs tmpfs "$0/tmp"
    mount --bind "$1" "$0/mnt"
    cp -R "$2" "$0/tmp/go"
    exec chroot "$0" bash -e -c "$3"`;
  const goPath = mkdtempSync(join(tmpdir(), "bunc-golang-"));
  try {
    for (const [path, text] of Object.entries(extra)) {
      mkdirSync(dirname(join(goPath, path)), { recursive: true });
      writeFileSync(join(goPath, path), text);
    }
    await runTool(
      ["unshare", "--mount", "--pid", "--fork", "sh", "-c", isolated, tree.path, output, goPath, script],
      { env: goEnvironment },
    );
  } finally {
    rmSync(goPath, { recursive: true });
  }
}

const goEnvironment = {
  HOME: "/tmp",
  TMPDIR: "/tmp",
  GO111MODULE: "off",
  GOFLAGS: "-trimpath",
  GOPATH: "/tmp/go:/usr/share/gocode",
  GOTELEMETRY: "off",
};
