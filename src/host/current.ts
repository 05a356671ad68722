/** The facts of this machine, read once a command. */

import { native } from "../native/call.ts";
import { type HostFacts, hostFacts, type IdMapHelpers, NO_ID_MAP_HELPERS } from "./host.ts";

let facts: HostFacts | undefined;

export function currentHost(): HostFacts {
  if (facts === undefined) {
    const texts = native("host_facts", { mountinfo: true });
    // Root writes id maps itself.
    facts = hostFacts(texts, texts.euid === 0 ? NO_ID_MAP_HELPERS : findHelpers());
  }
  return facts;
}

function findHelpers(): IdMapHelpers {
  return { newuidmap: findExecutable("newuidmap"), newgidmap: findExecutable("newgidmap") };
}

/** Absolute path of a program on PATH; "" where there is none. */
function findExecutable(name: string): string {
  for (const directory of (Bun.env["PATH"] ?? "").split(":")) {
    if (!directory.startsWith("/")) continue;
    const path = `${directory}/${name}`;
    if (native("resolve_path", { path }).path !== "") return path;
  }
  return "";
}
