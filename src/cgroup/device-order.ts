/**
 * The rules about devices in the order in which they are listed, for cgroup v2, whose program can follow it: without
 * those that decide nothing. Pure.
 */

import { type DevicePolicy, type DevicePolicyRule, devicesText, sortRules } from "./device-rule.ts";

/** Of the rules one by one those that decide something, in order. */
export function decidingRules(allow: boolean, inOrder: readonly DevicePolicyRule[]): DevicePolicy {
  let rules: DevicePolicyRule[] = [];
  for (const rule of inOrder) {
    // A new rule that covers all that an earlier one covers replaces it.
    rules = rules
      .map((earlier) =>
        covers(rule, earlier) ? { ...earlier, access: earlier.access & ~rule.access } : earlier,
      )
      .filter(({ access }) => access !== 0);
    let { access } = rule;
    if (rule.allow === allow) {
      // It repeats the default, unless an earlier rule says otherwise.
      const otherwise = rules.filter((earlier) => earlier.allow !== allow && overlap(rule, earlier));
      access &= otherwise.reduce((mask, earlier) => mask | earlier.access, 0);
    }
    if (access !== 0) rules.push({ ...rule, access });
  }
  return { allow, rules: rules.some((rule) => rule.allow === allow) ? rules : sortRules(merged(rules)) };
}

type Devices = Pick<DevicePolicyRule, "type" | "major" | "minor">;

/** Every device of `narrow` is one of `wide`. */
function covers(wide: Devices, narrow: Devices): boolean {
  return (
    wide.type === narrow.type &&
    (wide.major === -1 || wide.major === narrow.major) &&
    (wide.minor === -1 || wide.minor === narrow.minor)
  );
}

/** Some device may match both. */
function overlap(a: Devices, b: Devices): boolean {
  const common = (one: number, other: number) => one === -1 || other === -1 || one === other;
  return a.type === b.type && common(a.major, b.major) && common(a.minor, b.minor);
}

/** Those about the same devices as one, where all rules decide alike. */
function merged(rules: readonly DevicePolicyRule[]): DevicePolicyRule[] {
  const byDevices = new Map<string, DevicePolicyRule>();
  for (const rule of rules) {
    const key = devicesText(rule);
    byDevices.set(key, { ...rule, access: rule.access | (byDevices.get(key)?.access ?? 0) });
  }
  return [...byDevices.values()];
}
