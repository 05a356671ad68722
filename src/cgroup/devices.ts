/**
 * Device rules: `linux.resources.devices` and the devices that every container may use, brought into the
 * form that cgroup v1 gives them: one default and exceptions to it. v1 gets them as writes, v2 as an eBPF
 * program that decides alike. Pure. Linux, Documentation/admin-guide/cgroup-v1/devices.rst.
 */

import { RuntimeError } from "../errors.ts";
import type { DeviceException, DeviceRules } from "../native/boundary.gen.ts";
import type { ResourcesConfig } from "../oci/resources.ts";
import { type CgroupSetting, setting } from "./resources/setting.ts";

type RuleType = "a" | "b" | "c";

interface Rule {
  allow: boolean;
  type: RuleType;
  /** -1: every number. */
  major: number;
  minor: number;
  access: string;
  subject: string;
}

export interface DevicePolicy {
  allow: boolean;
  /** By major, minor and type, so that the same rules always give the same program. */
  exceptions: DevicePolicyException[];
}

export interface DevicePolicyException {
  type: "b" | "c";
  major: number;
  minor: number;
  /** Mask of ACCESS. */
  access: number;
  subject: string;
}

/** BPF_DEVCG_ACC_* of linux/bpf.h. */
export const ACCESS = { m: 1, r: 2, w: 4 } as const;

/** Devices that a container may use whatever its rules say, as runc has them; by path where they have a node. */
const DEFAULT_RULES: readonly [
  path: string,
  type: "b" | "c",
  major: number,
  minor: number,
  access: string,
][] = [
  ["", "c", -1, -1, "m"],
  ["", "b", -1, -1, "m"],
  ["/dev/null", "c", 1, 3, "rwm"],
  ["/dev/random", "c", 1, 8, "rwm"],
  ["/dev/full", "c", 1, 7, "rwm"],
  ["/dev/tty", "c", 5, 0, "rwm"],
  ["/dev/zero", "c", 1, 5, "rwm"],
  ["/dev/urandom", "c", 1, 9, "rwm"],
  // Terminals, /dev/ptmx and /dev/net/tun.
  ["", "c", 136, -1, "rwm"],
  ["", "c", 5, 2, "rwm"],
  ["", "c", 10, 200, "rwm"],
];

/**
 * `devicePaths`: the paths of `linux.devices`. A default device that the configuration has at its own path
 * is left to the configuration's rules.
 * Throws RuntimeError for rules that v1 would silently not follow.
 */
export function devicePolicy(
  devices: ResourcesConfig["devices"],
  devicePaths: readonly string[] = [],
): DevicePolicy {
  const emulator = new Emulator();
  for (const [index, { allow, type = "a", major = -1, minor = -1, access }] of (devices ?? []).entries()) {
    const subject = `linux.resources.devices[${index}]`;
    emulator.apply({ allow, type: type === "" ? "a" : type, major, minor, access, subject });
  }
  for (const [path, type, major, minor, access] of DEFAULT_RULES) {
    if (path !== "" && devicePaths.includes(path)) continue;
    emulator.apply({ allow: true, type, major, minor, access, subject: "default devices" });
  }
  return emulator.policy();
}

/** Whether bunc-init could not make every node that it is told to make (mknod(2)) with these rules on. */
export function deniesNodes({ allow, exceptions }: DevicePolicy): boolean {
  if (allow) return exceptions.some(({ access }) => (access & ACCESS.m) !== 0);
  const wildcards = exceptions.filter(
    ({ major, minor, access }) => major === -1 && minor === -1 && (access & ACCESS.m) !== 0,
  );
  return wildcards.length < 2;
}

/** Whether a mount may open a device of its own: a file system on a disk. Bind mounts and the kernel's own ones do not. */
export function mountsDevices(mounts: readonly MountSource[]): boolean {
  return mounts.some(
    ({ source, type, options = [] }) =>
      source?.startsWith("/") === true &&
      type !== "bind" &&
      !options.some((option) => option === "bind" || option === "rbind"),
  );
}

/** Of `mounts` of config.json. */
interface MountSource {
  source?: string | undefined;
  type?: string | undefined;
  options?: readonly string[] | undefined;
}

/** What the devices controller of cgroup v1 makes of rules applied one after the other. */
class Emulator {
  private allow = false;
  private exceptions = new Map<string, DevicePolicyException>();

  apply(rule: Rule): void {
    if (rule.type === "a") {
      // Everything that was said before is void; numbers and access of such a rule do not count.
      this.allow = rule.allow;
      this.exceptions.clear();
      return;
    }
    const exception = { ...rule, type: rule.type, access: accessMask(rule.access) };
    if (rule.allow === this.allow) this.remove(exception);
    else this.add(exception);
  }

  private add({ type, major, minor, access, subject }: DevicePolicyException): void {
    const key = keyOf(type, major, minor);
    const before = this.exceptions.get(key)?.access ?? 0;
    this.exceptions.set(key, { type, major, minor, access: before | access, subject });
  }

  private remove({ type, major, minor, access, subject }: DevicePolicyException): void {
    const key = keyOf(type, major, minor);
    for (const wider of [keyOf(type, -1, minor), keyOf(type, major, -1), keyOf(type, -1, -1)]) {
      const found = this.exceptions.get(wider);
      if (wider === key || found === undefined || (found.access & access) === 0) continue;
      // v1 ignores this without a word, and the device would stay open (or closed).
      const requested = `${ruleText({ type, major, minor })} ${accessText(access)}`;
      const existing = `${ruleText(found)} ${accessText(found.access)}`;
      const action = this.allow ? "unable to remove 'deny' exception" : "unable to remove 'allow' exception";
      throw new RuntimeError(
        `${action}: requested rule [${requested}] not supported by devices cgroupv1 (cannot punch hole in existing wildcard rule [${existing}])`,
        { subject, hint: `take back ${found.subject} as a whole, or name the devices one by one` },
      );
    }
    const found = this.exceptions.get(key);
    if (found === undefined) return;
    const left = found.access & ~access;
    if (left === 0) this.exceptions.delete(key);
    else this.exceptions.set(key, { ...found, access: left });
  }

  policy(): DevicePolicy {
    const exceptions = [...this.exceptions.values()].sort(
      // Not localeCompare: it would load the locale's collation, a millisecond or more.
      (a, b) => a.major - b.major || a.minor - b.minor || (a.type < b.type ? -1 : 1),
    );
    return { allow: this.allow, exceptions };
  }
}

function keyOf(type: string, major: number, minor: number): string {
  return `${type} ${major}:${minor}`;
}

function ruleText({ type, major, minor }: { type: string; major: number; minor: number }): string {
  return `${type} ${major === -1 ? "*" : major}:${minor === -1 ? "*" : minor}`;
}

function accessMask(access: string): number {
  let mask = 0;
  for (const kind of access) mask |= ACCESS[kind as keyof typeof ACCESS];
  return mask;
}

function accessText(mask: number): string {
  return (["r", "w", "m"] as const).filter((kind) => (mask & ACCESS[kind]) !== 0).join("");
}

/** For v1. The first write resets what the cgroup has inherited. */
export function deviceSettings(
  { allow, exceptions }: DevicePolicy,
  tolerate: readonly number[],
): CgroupSetting[] {
  const file = (allowed: boolean) => (allowed ? "devices.allow" : "devices.deny");
  const reset = setting(file(allow), "a *:* rwm", "devices", { tolerate });
  return [
    reset,
    ...exceptions.map((exception) => ({
      ...setting(file(!allow), `${ruleText(exception)} ${accessText(exception.access)}`, "devices", {
        tolerate,
      }),
      subject: exception.subject,
    })),
  ];
}

/** For v2. */
export function deviceRules({ allow, exceptions }: DevicePolicy): DeviceRules {
  const number = (value: number) => (value === -1 ? null : value);
  return {
    allow,
    exceptions: exceptions.map(
      ({ type, major, minor, access }): DeviceException => ({
        type: type === "b" ? "block" : "char",
        major: number(major),
        minor: number(minor),
        access,
      }),
    ),
  };
}

/** For `explain`: `c 1:3 rwm`. */
export function describeException(exception: DevicePolicyException): string {
  return `${ruleText(exception)} ${accessText(exception.access)}`;
}
