/**
 * Intel RDT: which group of the resctrl file system a container is in, with which shares of cache and memory
 * bandwidth. config-linux.md#intelrdt; the kernel's filesystems/resctrl.rst. Pure: rdt-group.ts does it.
 */

import { type IntelRdtConfig, type SchemataLine, schemataLines } from "../oci/intel-rdt.ts";

/** Where a container's resctrl group is, and its shares. */
export interface RdtPlan {
  /** Where resctrl is mounted. */
  mount: string;
  /** Directory of the group below the mount; "" for closID "/": the mount itself, the default group. */
  group: string;
  /** The group is named by closID: others may use it, and it is not the container's to remove. */
  shared: boolean;
  /** In the order in which they are written. */
  schemata: readonly SchemataLine[];
  /** Directory of the container's own monitoring group below the mount; "" where it has none. */
  monitoring: string;
}

/** `mount`: where resctrl is mounted. `id`: the container's. The configuration is checked. */
export function planRdt(config: IntelRdtConfig, mount: string, id: string): RdtPlan {
  const { closID, enableMonitoring } = config;
  const group = closID === "" ? id : closID === "/" ? "" : closID;
  const monitoring = group === "" ? `mon_groups/${id}` : `${group}/mon_groups/${id}`;
  return {
    mount,
    group,
    shared: closID !== "",
    schemata: schemataLines(config),
    monitoring: enableMonitoring ? monitoring : "",
  };
}

/**
 * The tasks files that a process of the container enters, in this order: changing the group leaves its
 * monitoring group.
 */
export function rdtTasks(groupPath: string, monitoringPath: string): string[] {
  return [groupPath, monitoringPath].filter((path) => path !== "").map((path) => `${path}/tasks`);
}

/** Absolute path of the group. */
export function groupPath({ mount, group }: RdtPlan): string {
  return group === "" ? mount : `${mount}/${group}`;
}

/** Absolute path of the monitoring group; "" without one. */
export function monitoringPath({ mount, monitoring }: RdtPlan): string {
  return monitoring === "" ? "" : `${mount}/${monitoring}`;
}

interface SchemataDifference extends SchemataLine {
  /** The group's line for the same resource; "" where it has none. */
  found: string;
}

/**
 * The lines that the group's schemata file does not have. The kernel writes them its own way: leading zeros,
 * blanks, domains that nobody asked for. A later line for the same domain is the one that counts.
 */
export function schemataDifferences(lines: readonly SchemataLine[], text: string): SchemataDifference[] {
  const there = new Map(text.split("\n").map((line) => [parseLine(line).resource, line.trim()]));
  const wanted = new Map<string, { value: string; from: SchemataLine }>();
  for (const from of lines) {
    const { resource, domains } = parseLine(from.line);
    for (const [domain, value] of domains) wanted.set(`${resource}:${domain}`, { value, from });
  }
  const different = new Set<SchemataLine>();
  for (const [key, { value, from }] of wanted) {
    const { resource, domains } = parseLine(there.get(key.slice(0, key.indexOf(":"))) ?? "");
    if (domains.get(key.slice(resource.length + 1)) !== value) different.add(from);
  }
  return [...different].map((from) => ({ ...from, found: there.get(parseLine(from.line).resource) ?? "" }));
}

/** "L3:0=7f0;1=1f": the resource, and by domain the value as the kernel means it. */
function parseLine(line: string): { resource: string; domains: Map<string, string> } {
  const colon = line.indexOf(":");
  const resource = line.slice(0, Math.max(0, colon)).trim();
  const domains = new Map<string, string>();
  for (const part of line.slice(colon + 1).split(";")) {
    const [domain, value] = part.split("=");
    if (domain === undefined || value === undefined) continue;
    domains.set(numberText(domain, ""), numberText(value, /^L\d/.test(resource) ? "0x" : ""));
  }
  return { resource, domains };
}

/** Bit masks of caches are hexadecimal, everything else is decimal. Anything but a number stays as it is. */
function numberText(text: string, prefix: "0x" | ""): string {
  const trimmed = text.trim();
  if (prefix === "") return /^\d+$/.test(trimmed) ? String(BigInt(trimmed)) : trimmed;
  const digits = trimmed.replace(/^0x/i, "");
  return /^[0-9a-f]+$/i.test(digits) ? String(BigInt(`0x${digits}`)) : trimmed;
}
