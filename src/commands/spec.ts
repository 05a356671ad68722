/** `spec`: writes the example config.json into the bundle. */

import { specificationExists } from "../failure/messages.ts";
import { currentHost } from "../host/current.ts";
import { native } from "../native/call.ts";
import { defaultSpec } from "../oci/default-spec.ts";
import type { Handler } from "../verbs/verbs.ts";

const FILE_MODE = 0o666;

export const run: Handler<"spec"> = ({ bundle, rootless }) => {
  const path = bundle === undefined ? "config.json" : `${bundle}/config.json`;
  if (native("resolve_path", { path }).path !== "") throw specificationExists(path);
  const { euid, egid, cgroup } = currentHost();
  const cgroupV2 = cgroup.mode === "v2";
  const spec = defaultSpec(rootless ? { cgroupV2, rootless: { uid: euid, gid: egid } } : { cgroupV2 });
  native("write_file", { path, text: JSON.stringify(spec, null, "\t"), mode: FILE_MODE });
  return 0;
};
