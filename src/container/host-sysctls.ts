/**
 * Network sysctls change a network namespace. A container that joins the caller's own one by path must not
 * have them: they would change the host's. (A container without a network namespace is refused by the
 * configuration's rules.)
 */

import { RuntimeError } from "../failure/errors.ts";
import { native } from "../native/call.ts";
import type { Config } from "../oci/config.ts";

/** Throws RuntimeError for a sysctl of the caller's own network namespace. */
export function refuseHostSysctls({ linux }: Config): void {
  const names = Object.keys(linux.sysctl ?? {}).filter((name) => /^net[./]/.test(name));
  const network = linux.namespaces.find(({ type }) => type === "network");
  if (names.length === 0 || network === undefined || network.path === "") return;
  if (!native("own_namespace", { path: network.path, kind: "net" }).own) return;
  throw new RuntimeError(`sysctl "${names[0]}" not allowed in host network namespace`, {
    subject: `linux.sysctl["${names[0]}"]`,
    path: network.path,
    hint: "add a network namespace of the container's own to linux.namespaces",
  });
}
