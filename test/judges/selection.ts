/** The meaning of the flags of the suites' commands. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Share } from "./place.ts";

/**
 * The runtime that `--runtime` names, as a path or a name in the share: `bunc` is this project's, `runc` the guest's package
 * or the host's, anything else a path.
 */
export function runtimeIn(
  place: "host" | "guest",
  runtime: string,
  project: string,
): { path: string; share: Share } {
  if (runtime === "bunc") return { path: "bunc", share: { bunc: join(project, "dist/bunc") } };
  if (runtime === "runc") {
    if (place === "guest") return { path: "/usr/sbin/runc", share: {} };
    const installed = Bun.which("runc", { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` });
    if (installed === null) throw new Error("--runtime=runc: no runc on this host: apt-get install runc");
    return { path: installed, share: {} };
  }
  if (!existsSync(runtime))
    throw new Error(`--runtime=${runtime}: accepted are bunc, runc and a path of a file`);
  return { path: "runtime", share: { runtime: resolve(runtime) } };
}
