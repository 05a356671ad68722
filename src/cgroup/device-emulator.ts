/**
 * What the devices controller of cgroup v1 makes of rules applied one after the other: one default and exceptions to
 * it. Pure. Linux, Documentation/admin-guide/cgroup-v1/devices.rst.
 */

import { RuntimeError } from "../failure/errors.ts";
import {
  accessText,
  type DevicePolicy,
  type DevicePolicyRule,
  devicesText,
  sortRules,
} from "./device-rule.ts";

/** What v1 enforces after these rules, one by one. Throws RuntimeError for one that v1 would silently ignore. */
export function enforcedByV1(allow: boolean, inOrder: readonly DevicePolicyRule[]): DevicePolicy {
  const exceptions = new Map<string, DevicePolicyRule>();
  for (const rule of inOrder) {
    const key = devicesText(rule);
    const before = exceptions.get(key);
    const access = before?.access ?? 0;
    if (rule.allow !== allow) {
      exceptions.set(key, { ...rule, access: access | rule.access });
      continue;
    }
    refuseHole(exceptions, rule);
    const left = access & ~rule.access;
    if (before === undefined || left === 0) exceptions.delete(key);
    else exceptions.set(key, { ...before, access: left });
  }
  return { allow, rules: sortRules([...exceptions.values()]) };
}

/** An exception for more devices than the rule takes out of it: v1 ignores the rule, and the device would stay open (or closed). */
function refuseHole(
  exceptions: ReadonlyMap<string, DevicePolicyRule>,
  { allow, type, major, minor, access, subject }: DevicePolicyRule,
): void {
  const key = devicesText({ type, major, minor });
  const wildcards = [
    { type, major: -1, minor },
    { type, major, minor: -1 },
    { type, major: -1, minor: -1 },
  ];
  for (const wider of wildcards.map(devicesText)) {
    const found = exceptions.get(wider);
    if (wider === key || found === undefined || (found.access & access) === 0) continue;
    const requested = `${key} ${accessText(access)}`;
    const existing = `${wider} ${accessText(found.access)}`;
    throw new RuntimeError(
      `unable to remove '${allow ? "deny" : "allow"}' exception: requested rule [${requested}] not supported by devices cgroupv1 (cannot punch hole in existing wildcard rule [${existing}])`,
      { subject, hint: `revoke ${found.subject} as a whole, or name the devices one by one` },
    );
  }
}
