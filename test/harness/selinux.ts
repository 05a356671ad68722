/** SELinux labels for tests, which the policy must define. */
import { existsSync, writeFileSync } from "node:fs";
import type { Requirement } from "./requirements.ts";

/** The type of confined virtual machines, because Debian's policy has no types for containers. */
export const LABEL = "system_u:system_r:svirt_t:s0:c1,c2";
export const OTHER_LABEL = "system_u:system_r:svirt_t:s0:c3,c4";
export const FILE_LABEL = "system_u:object_r:svirt_image_t:s0:c1,c2";
export const OTHER_FILE_LABEL = "system_u:object_r:svirt_image_t:s0:c3,c4";

/** Whether the policy defines the labels: selinuxfs rejects unknown ones. */
export const selinux: Requirement = () => {
  if (!existsSync("/sys/fs/selinux/context")) return "needs a kernel with SELinux";
  try {
    for (const label of [LABEL, OTHER_LABEL, FILE_LABEL, OTHER_FILE_LABEL])
      writeFileSync("/sys/fs/selinux/context", label);
    return null;
  } catch {
    return "needs an SELinux policy with svirt_t";
  }
};
