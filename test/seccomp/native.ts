/** The native program that holds the seccomp compiler's proofs (proof.zig), built from source. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../harness/project.ts";

/** Exit code of the program for what cannot be tried on this machine. */
export const skipCode = 77;

/**
 * Builds the program and returns its path. "Debug" builds fastest and is enough for short runs; "ReleaseSafe"
 * is how the core is shipped.
 */
export function buildProof(optimize: "Debug" | "ReleaseSafe"): string {
  const directory = join(projectRoot, "zig-out/bin");
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `seccomp-proof-${optimize.toLowerCase()}`);
  const child = Bun.spawnSync(
    [
      join(projectRoot, "node_modules/.bin/zig"),
      "build-exe",
      // libseccomp is loaded with dlopen(3): the one thing here that needs a libc.
      "-lc",
      ...["-O", optimize, "--dep", "seccomp", "-Mroot=test/seccomp/proof.zig"],
      ...["-O", optimize, "-Mseccomp=zig/seccomp.zig"],
      `-femit-bin=${path}`,
    ],
    { cwd: projectRoot, stdout: "inherit", stderr: "inherit" },
  );
  if (!child.success) throw new Error("test/seccomp/proof.zig does not build");
  return path;
}

export const clientProfiles = ["docker", "containerd", "podman", "systemd"] as const;

export const profilePath = (name: (typeof clientProfiles)[number]) =>
  join(projectRoot, `test/seccomp/profiles/${name}.json`);
