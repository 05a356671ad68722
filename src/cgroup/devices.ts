/**
 * Device rules: `linux.resources.devices` and the devices that every container may use. v1 gets them as writes, in the
 * form of one default and exceptions to it; v2 as an eBPF program that follows the order of the list. Pure.
 */

import type { DeviceRules } from "../native/boundary.gen.ts";
import { DEFAULT_DEVICES } from "../oci/resolved/devices.ts";
import type { ResolvedMount } from "../oci/resolved/mounts.ts";
import type { ResourcesConfig } from "../oci/resources.ts";
import { enforcedByV1 } from "./device-emulator.ts";
import { decidingRules } from "./device-order.ts";
import {
  ACCESS,
  accessMask,
  accessText,
  type DevicePolicy,
  type DevicePolicyRule,
  devicesText,
} from "./device-rule.ts";
import { type CgroupSetting, setting } from "./resources/setting.ts";

type DefaultRule = readonly [path: string, type: "b" | "c", major: number, minor: number, access: string];

/** Every device node may be made, as with runc; using it is another matter. */
const MAKE_NODES: readonly DefaultRule[] = [
  ["", "c", -1, -1, "m"],
  ["", "b", -1, -1, "m"],
];

/** Devices that a container may use whatever its rules say, as runc has them; by path where they have a node. */
const DEFAULT_RULES: readonly DefaultRule[] = [
  ...DEFAULT_DEVICES.map(({ path, major, minor }): DefaultRule => [path, "c", major, minor, "rwm"]),
  // Terminals, /dev/ptmx and /dev/net/tun.
  ["", "c", 136, -1, "rwm"],
  ["", "c", 5, 2, "rwm"],
  ["", "c", 10, 200, "rwm"],
];

/**
 * `devicePaths`: the resolved paths of `linux.devices`. A default device that the configuration has at its own path is
 * left to the configuration's rules. Throws RuntimeError for rules that v1 would silently ignore.
 */
export function devicePolicy(
  version: "v1" | "v2",
  devices: ResourcesConfig["devices"],
  devicePaths: readonly string[] = [],
): DevicePolicy {
  const { allow, rules } = sinceRuleForAll(devices ?? []);
  const defaults = DEFAULT_RULES.filter(([path]) => path === "" || !devicePaths.includes(path));
  return version === "v1"
    ? enforcedByV1(allow, [...rules, ...MAKE_NODES.map(allowed), ...defaults.map(allowed)])
    : decidingRules(allow, [...(allow ? [] : MAKE_NODES.map(allowed)), ...rules, ...defaults.map(allowed)]);
}

function allowed([, type, major, minor, access]: DefaultRule): DevicePolicyRule {
  return { allow: true, type, major, minor, access: accessMask(access), subject: "default devices" };
}

/**
 * A rule for all types cancels the rules before it; its numbers and access do not count, as in the kernel's
 * v1 controller.
 */
function sinceRuleForAll(devices: NonNullable<ResourcesConfig["devices"]>): DevicePolicy {
  let policy: DevicePolicy = { allow: false, rules: [] };
  for (const [index, { allow, type = "a", major = -1, minor = -1, access }] of devices.entries()) {
    if (type === "a" || type === "") {
      policy = { allow, rules: [] };
      continue;
    }
    const subject = `linux.resources.devices[${index}]`;
    policy.rules.push({ allow, type, major, minor, access: accessMask(access), subject });
  }
  return policy;
}

/** Whether these rules would keep bunc-init from making (mknod(2)) a node of the plan. */
export function deniesNodes({ allow, rules }: DevicePolicy): boolean {
  const making = rules.filter(({ access }) => (access & ACCESS.m) !== 0);
  if (making.some((rule) => !rule.allow)) return true;
  return !allow && making.filter(({ major, minor }) => major === -1 && minor === -1).length < 2;
}

/** Whether a mount may open a device of its own: a file system on a disk. Bind mounts and the kernel's own ones do not. */
export function mountsDevices(mounts: readonly Pick<ResolvedMount, "kind" | "source">[]): boolean {
  return mounts.some(({ kind, source }) => kind === "filesystem" && source.startsWith("/"));
}

/** For v1. The first write resets what the cgroup has inherited. */
export function deviceSettings({ allow, rules }: DevicePolicy, tolerate: readonly number[]): CgroupSetting[] {
  const file = (allowed: boolean) => (allowed ? "devices.allow" : "devices.deny");
  const reset = setting(file(allow), "a *:* rwm", "devices", { tolerate });
  return [
    reset,
    ...rules.map((rule) => ({
      ...setting(file(rule.allow), describeRule(rule), "devices", { tolerate }),
      subject: rule.subject,
    })),
  ];
}

/** For v2. */
export function deviceRules({ allow, rules }: DevicePolicy): DeviceRules {
  const number = (value: number) => (value === -1 ? null : value);
  return {
    allow,
    rules: rules.map((rule) => ({
      allow: rule.allow,
      type: rule.type === "b" ? "block" : "char",
      major: number(rule.major),
      minor: number(rule.minor),
      access: rule.access,
    })),
  };
}

/** `c 1:3 rwm` */
function describeRule(rule: DevicePolicyRule): string {
  return `${devicesText(rule)} ${accessText(rule.access)}`;
}
