/**
 * Debian 13's containerd 1.7 for the guest, whose own containerd is newer. Both run side by side, with separate directories
 * and sockets.
 */
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, cacheKey } from "../vm/cache.ts";
import { debianSources, installRoot } from "../vm/debian.ts";
import { guestShare } from "../vm/guest.ts";

const programs = ["containerd", "containerd-shim-runc-v2", "ctr"];

/** → the directory of the programs on this host. The packages are unpacked, but nothing in them is run. */
export async function olderContainerd(): Promise<string> {
  const sources = (await debianSources("sid")).replaceAll("Suites: sid\n", "Suites: trixie\n");
  const directory = await cached("containerd-1.7", cacheKey(sources, programs), async (scratch) => {
    const tree = join(scratch, "tree");
    // If an architecture is named, packages are only unpacked, even for this host's own.
    await installRoot(tree, sources, ["containerd"], [], "amd64");
    mkdirSync(join(scratch, "bin"));
    for (const name of programs) renameSync(join(tree, "usr/bin", name), join(scratch, "bin", name));
    rmSync(tree, { recursive: true });
    rmSync(`${tree}.sources`);
  });
  return join(directory, "bin");
}

/** Its files in the guest. */
export const older = {
  /** In the guest's share. */
  shareName: "containerd-1.7",
  programs: `${guestShare}/containerd-1.7`,
  configuration: "/etc/containerd-1.7/config.toml",
  address: "/run/containerd-1.7/containerd.sock",
} as const;

/** Sets the variables that its clients need, for the checks and the setup. */
export const olderEnvironment = `export PATH=${older.programs}:$PATH CONTAINERD_ADDRESS=${older.address}`;

/** Containers outlive the daemon and keep its unit alive, so each start gets a unit of its own. */
export const stopOlder = "systemctl stop 'containerd-1.7-*'";

/** Restarts it as its package's unit does, except for the paths. Its shim is the first on PATH. */
export const startOlder = [
  `${stopOlder} 2>/dev/null || :`,
  [
    "systemd-run --quiet --collect --unit=containerd-1.7-$RANDOM --setenv=PATH",
    "--property=Type=notify --property=Delegate=yes --property=KillMode=process",
    `${older.programs}/containerd --config ${older.configuration} --address ${older.address}`,
    "--root /var/lib/containerd-1.7 --state /run/containerd-1.7",
  ].join(" "),
  "until_ok ctr version",
].join("\n");
