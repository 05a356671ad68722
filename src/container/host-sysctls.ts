/**
 * Network sysctls change a network namespace. A container that joins the caller's own one by path must not
 * have them: they would change the host's. (A container without a network namespace is refused by the
 * configuration's rules.)
 */

import { RuntimeError } from "../failure/errors.ts";
import { native } from "../native/call.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";

/** Throws RuntimeError for a sysctl of the caller's own network namespace. */
export function refuseHostSysctls({ linux }: ResolvedConfig): void {
  const sysctl = linux.sysctl.find(({ path }) => path.startsWith("net/"));
  const path = linux.namespaces.get("network")?.path;
  if (sysctl === undefined || !path || !native("own_namespace", { path, kind: "net" }).own) return;
  throw new RuntimeError(`sysctl "${sysctl.name}" not allowed in host network namespace`, {
    subject: `linux.sysctl["${sysctl.name}"]`,
    path,
    hint: "add a network namespace of the container's own to linux.namespaces",
  });
}
