/** The versions of this program, and of what it stands in for. */

import { version as BUNC_VERSION } from "../package.json" with { type: "json" };

export { BUNC_VERSION };

/** The version of runc whose command line and behaviour this is: clients decide by it what they may ask for. */
export const RUNC_VERSION = "1.5.0";

/** The newest runtime specification that is implemented: `ociVersion` of state, features and default spec. */
export const OCI_VERSION = "1.3.0";

/** The commit of the build; the build replaces the name by a string (Bun.build's define). */
declare const BUNC_COMMIT: string | undefined;
/** The commit of the build; "unknown" when run from its sources. */
export const COMMIT = typeof BUNC_COMMIT === "string" ? BUNC_COMMIT : "unknown";

/**
 * containerd and BuildKit want the first line to begin with "runc version ", Docker looks for a line with
 * "commit:"; our own name comes last.
 */
export function versionText(): string {
  return [
    `runc version ${RUNC_VERSION}`,
    `commit: ${COMMIT}`,
    `spec: ${OCI_VERSION}`,
    `bunc: ${BUNC_VERSION}`,
  ].join("\n");
}
