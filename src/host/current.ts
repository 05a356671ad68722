/** The facts of this machine, read once a command. */

import { native } from "../native/call.ts";
import { type HostFacts, hostFacts } from "./host.ts";

let facts: HostFacts | undefined;

export function currentHost(): HostFacts {
  if (facts === undefined) {
    const texts = native("host_facts", { mountinfo: true });
    const root = texts.euid === 0;
    facts = hostFacts(texts, {
      // Root writes id maps itself.
      newuidmap: root ? "" : findExecutable("newuidmap"),
      newgidmap: root ? "" : findExecutable("newgidmap"),
      procKcore: exists("/proc/kcore"),
    });
  }
  return facts;
}

/** Absolute path of a program on PATH; "" where there is none. */
function findExecutable(name: string): string {
  for (const directory of (Bun.env["PATH"] ?? "").split(":")) {
    const path = `${directory}/${name}`;
    if (directory.startsWith("/") && exists(path)) return path;
  }
  return "";
}

/** A directory of PATH that may not be searched has nothing for us: EACCES is "no". */
function exists(path: string): boolean {
  try {
    return native("resolve_path", { path }).path !== "";
  } catch {
    return false;
  }
}
