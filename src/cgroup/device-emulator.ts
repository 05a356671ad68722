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

/** Takes rules one by one; its state is what v1 then enforces. */
export class DeviceEmulator {
  private readonly allow: boolean;
  private exceptions = new Map<string, DevicePolicyRule>();

  constructor(allow: boolean) {
    this.allow = allow;
  }

  /** Throws RuntimeError for a rule that v1 would silently ignore. */
  apply(rule: DevicePolicyRule): void {
    if (rule.allow === this.allow) this.remove(rule);
    else this.add(rule);
  }

  private add(rule: DevicePolicyRule): void {
    const key = devicesText(rule);
    const before = this.exceptions.get(key)?.access ?? 0;
    this.exceptions.set(key, { ...rule, access: before | rule.access });
  }

  private remove({ type, major, minor, access, subject }: DevicePolicyRule): void {
    const key = devicesText({ type, major, minor });
    const wildcards = [
      { type, major: -1, minor },
      { type, major, minor: -1 },
      { type, major: -1, minor: -1 },
    ];
    for (const wider of wildcards.map(devicesText)) {
      const found = this.exceptions.get(wider);
      if (wider === key || found === undefined || (found.access & access) === 0) continue;
      // v1 silently ignores this, and the device would stay open (or closed).
      const requested = `${key} ${accessText(access)}`;
      const existing = `${wider} ${accessText(found.access)}`;
      const action = this.allow ? "unable to remove 'deny' exception" : "unable to remove 'allow' exception";
      throw new RuntimeError(
        `${action}: requested rule [${requested}] not supported by devices cgroupv1 (cannot punch hole in existing wildcard rule [${existing}])`,
        { subject, hint: `revoke ${found.subject} as a whole, or name the devices one by one` },
      );
    }
    const found = this.exceptions.get(key);
    if (found === undefined) return;
    const left = found.access & ~access;
    if (left === 0) this.exceptions.delete(key);
    else this.exceptions.set(key, { ...found, access: left });
  }

  policy(): DevicePolicy {
    return { allow: this.allow, rules: sortRules([...this.exceptions.values()]) };
  }
}
