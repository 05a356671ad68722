/** Flags that checkpoint and restore share. criu(8) explains what they do. */

import { listFlag, textFlag } from "./flag.ts";
import { parsePath } from "./paths.ts";
import { oneOf, quote, ValueError } from "./values.ts";

/** Network is the only namespace that can be left empty. */
function parseEmptyNamespace(text: string): "network" {
  if (text !== "network") throw new ValueError(`namespace ${quote(text)} is not supported, only "network"`);
  return text;
}

export const imagePathFlag = () =>
  textFlag("--image-path <directory>", "where CRIU's image files are (default: ./checkpoint)", parsePath);

export const workPathFlag = () =>
  textFlag("--work-path <directory>", "where CRIU's log and work files go", parsePath);

export const manageCgroupsModeFlag = () =>
  textFlag(
    "--manage-cgroups-mode <mode>",
    "soft, full, strict or ignore",
    oneOf("Invalid manage cgroups mode", "soft", "full", "strict", "ignore"),
  );

export const emptyNamespaceFlag = () =>
  listFlag(
    "--empty-ns <namespace>",
    "make the namespace, but leave it empty (repeatable)",
    parseEmptyNamespace,
  );
