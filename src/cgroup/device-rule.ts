/** One rule about devices, and what a list of them comes to. config-linux.md, "Allowed Device list". */

export interface DevicePolicyRule {
  allow: boolean;
  type: "b" | "c";
  /** -1: every number. */
  major: number;
  minor: number;
  /** Mask of ACCESS. */
  access: number;
  /** Config path that asked for it. */
  subject: string;
}

/** A default and the rules that deviate from it. */
export interface DevicePolicy {
  /** For devices that no rule matches. */
  allow: boolean;
  /** The last rule that matches decides, for each kind of access separately. */
  rules: DevicePolicyRule[];
}

/** BPF_DEVCG_ACC_* of linux/bpf.h. */
export const ACCESS = { m: 1, r: 2, w: 4 } as const;

/** "rwm" → mask of ACCESS. */
export function accessMask(access: string): number {
  let mask = 0;
  for (const kind of access) mask |= ACCESS[kind as keyof typeof ACCESS] ?? 0;
  return mask;
}

/** Mask of ACCESS → "rwm". */
export function accessText(mask: number): string {
  return (["r", "w", "m"] as const).filter((kind) => (mask & ACCESS[kind]) !== 0).join("");
}

/** `c 1:*` */
export function devicesText({
  type,
  major,
  minor,
}: Pick<DevicePolicyRule, "type" | "major" | "minor">): string {
  return `${type} ${major === -1 ? "*" : major}:${minor === -1 ? "*" : minor}`;
}

/** Sorts rules whose order does not matter, so that the same rules always give the same program. */
export function sortRules(rules: DevicePolicyRule[]): DevicePolicyRule[] {
  return rules.sort(
    // Not localeCompare: it would load the locale's collation, a millisecond or more.
    (a, b) => a.major - b.major || a.minor - b.minor || (a.type < b.type ? -1 : 1),
  );
}
