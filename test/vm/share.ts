// The disk that carries a host directory into the guest: a copy, so that nothing in the guest can touch it.
import { mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDisk } from "./images.ts";
import { shareDiskSize } from "./machine.ts";
import { runTool } from "./process.ts";

/** Large parts of a project tree that only its build and its checks read. */
const excluded = [
  "./.git",
  "./.zig-cache",
  "./node_modules/@biomejs",
  "./node_modules/@typescript",
  "./node_modules/@zigc",
  "./node_modules/bun-types",
];

const copyScript = `
set -e
from=$1 to=$2
shift 2
tar --create --directory="$from" "$@" . | tar --extract --preserve-permissions --directory="$to"
`;

/** Makes an ext4 image with the contents of `directory`. */
export async function makeShareDisk(image: string, directory: string): Promise<void> {
  const stage = mkdtempSync(join(dirname(image), "share-stage-"));
  const excludes = excluded.map((path) => `--exclude=${path}`);
  await runTool(["sh", "-c", copyScript, "share", directory, stage, ...excludes]);
  await makeDisk(image, stage, `${shareDiskSize / 2 ** 20}M`);
  rmSync(stage, { recursive: true, force: true });
}
