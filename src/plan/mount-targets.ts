/** Where mounts go in the container. */

import type { MountConfig } from "../oci/mounts.ts";
import { cleanPath, resolvePath } from "./paths.ts";

/** The root file system as the configuration names it: an absolute path on the host. */
export function rootPath(root: { path: string }, bundle: string): string {
  return resolvePath(bundle, root.path);
}

/**
 * A path in the container. Relative destinations start at "/"; one that begins with the path of the root file system
 * is what lies below that, as runc takes it. `root`: `rootPath`.
 */
export function targetOf({ destination }: MountConfig, root: string): string {
  const path = cleanPath(`/${destination}`);
  if (root === "/" || !`${path}/`.startsWith(`${root}/`)) return path;
  return cleanPath(`/${path.slice(root.length)}`);
}
