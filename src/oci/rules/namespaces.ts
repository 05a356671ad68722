/** Rules of namespaces and of what lives in them. */

import type { Config } from "../config.ts";
import { namespaceOf } from "../linux.ts";
import type { IdMapping } from "../mounts.ts";
import { type Report, type Rule, rule } from "./rule.ts";

/** Length of an interface name without its NUL: netdevice(7), IFNAMSIZ. */
const INTERFACE_NAME_MAX = 15;

/** Lines of a map: user_namespaces(7). */
const MAPPINGS_MAX = 340;

export const namespaceRules: readonly Rule<Config>[] = [
  rule(["linux.namespaces"], ({ linux }, report) => {
    const seen = new Set<string>();
    for (const [index, { type }] of linux.namespaces.entries()) {
      if (seen.has(type)) {
        const message = `malformed spec file: duplicated ns ${JSON.stringify(type)}`;
        report.issue(`linux.namespaces[${index}].type`, "every type at most once", message);
      }
      seen.add(type);
    }
  }),
  rule(["linux.namespaces", "linux.uidMappings", "linux.gidMappings"], ({ linux }, report, { host }) => {
    const user = namespaceOf(linux, "user");
    const { uidMappings, gidMappings } = linux;
    const hasMappings = uidMappings !== undefined || gidMappings !== undefined;
    if (user === undefined) {
      if (hasMappings) {
        report.warn(
          uidMappings === undefined ? "linux.gidMappings" : "linux.uidMappings",
          "user namespace mappings are ignored: user namespace isn't enabled in the config",
        );
      }
      if (host.euid !== 0) {
        const message = "rootless container requires user namespaces";
        report.issue("linux.namespaces", 'a namespace of type "user"', message);
      }
    } else if (user.path === "" && !hasMappings) {
      report.issue(
        "linux.uidMappings",
        "mappings, or a path of a user namespace to join",
        "user namespaces enabled, but no namespace path to join nor mappings to apply specified",
      );
    } else if (user.path === "") {
      checkMappings("UID", "linux.uidMappings", uidMappings ?? [], host.euid, report);
      checkMappings("GID", "linux.gidMappings", gidMappings ?? [], host.euid, report);
    }
  }),
  rule(["linux.namespaces", "linux.timeOffsets"], ({ linux }, report) => {
    const { timeOffsets } = linux;
    if (timeOffsets === undefined) return;
    const time = namespaceOf(linux, "time");
    if (time === undefined) {
      report.issue(
        "linux.timeOffsets",
        'no offsets, or a namespace of type "time" in linux.namespaces',
        "time namespace offsets specified, but time namespace isn't enabled in the config",
      );
    } else if (time.path !== "") {
      report.issue(
        "linux.timeOffsets",
        "offsets, or a path of a time namespace to join",
        "time namespace enabled, but both namespace path and time offsets specified -- you may only provide one",
      );
    }
    for (const clock of Object.keys(timeOffsets)) {
      if (clock === "monotonic" || clock === "boottime") continue;
      report.issueOf("linux.timeOffsets", clock, 'the clocks "monotonic" and "boottime"');
    }
  }),
  rule(["linux.namespaces", "linux.maskedPaths", "linux.readonlyPaths"], ({ linux }, report) => {
    if (namespaceOf(linux, "mount") !== undefined) return;
    for (const member of ["maskedPaths", "readonlyPaths"] as const) {
      if (linux[member].length === 0) continue;
      report.issue(
        `linux.${member}`,
        'no paths, or a namespace of type "mount" in linux.namespaces',
        "unable to restrict sys entries without a private MNT namespace",
      );
    }
  }),
  rule(["linux.namespaces", "root.readonly"], ({ linux, root }, report) => {
    if (!root.readonly || namespaceOf(linux, "mount") !== undefined) return;
    report.issue(
      "root.readonly",
      'false, or a namespace of type "mount" in linux.namespaces: the container would write to its root all the same',
      "unable to make the root file system read-only without a private MNT namespace",
    );
  }),
  rule(["linux.namespaces", "linux.rootfsPropagation", "linux.mountLabel"], ({ linux }, report) => {
    if (namespaceOf(linux, "mount") !== undefined) return;
    for (const member of ["rootfsPropagation", "mountLabel"] as const) {
      if (linux[member] === "") continue;
      const message = 'it has no effect without a namespace of type "mount" in linux.namespaces';
      report.warn(`linux.${member}`, message);
    }
  }),
  rule(["linux.namespaces", "linux.rootfsPropagation"], ({ linux }, report, { noPivot }) => {
    if (!noPivot || !linux.rootfsPropagation.endsWith("private")) return;
    report.issue(
      "linux.rootfsPropagation",
      "another propagation with --no-pivot",
      "rootfsPropagation of [r]private is not safe without pivot_root",
    );
  }),
  rule(["linux.namespaces", "linux.netDevices"], ({ linux }, report, { host, rootlessCgroups }) => {
    const devices = Object.entries(linux.netDevices ?? {});
    if (devices.length === 0) return;
    if (namespaceOf(linux, "network") === undefined) {
      report.issue(
        "linux.netDevices",
        'no devices, or a namespace of type "network" in linux.namespaces',
        "unable to move network devices without a NET namespace",
      );
    }
    if (host.euid !== 0 || rootlessCgroups) {
      report.issue(
        "linux.netDevices",
        "no devices for rootless containers",
        "network devices are not supported for rootless containers",
      );
    }
    for (const name of new Set(devices.flatMap(([name, device]) => [name, device.name || name]))) {
      if (isInterfaceName(name)) continue;
      report.issueOf(
        "linux.netDevices",
        name,
        `names of 1 to ${INTERFACE_NAME_MAX} bytes without "/", ":" and white space`,
        `invalid network device name ${JSON.stringify(name)}`,
      );
    }
  }),
];

/** user_namespaces(7), Defining user and group ID mappings. */
function checkMappings(
  kind: "UID" | "GID",
  path: string,
  mappings: readonly IdMapping[],
  euid: number,
  report: Report,
): void {
  if (mappings.length === 0) {
    const message =
      euid === 0
        ? `user namespaces enabled, but no ${kind.toLowerCase()} mappings found`
        : `rootless containers requires at least one ${kind} mapping`;
    report.issueOf(path, mappings, "at least one mapping", message);
  }
  if (mappings.length > MAPPINGS_MAX)
    report.issueOf(path, mappings.length, `at most ${MAPPINGS_MAX} mappings`);
  for (const [index, map] of mappings.entries()) {
    const place = `${path}[${index}]`;
    if (map.size === 0) report.issue(`${place}.size`, "at least 1");
    for (const member of ["containerID", "hostID"] as const) {
      if (map[member] + map.size > 0xffffffff)
        report.issue(place, `${member} + size of at most ${0xffffffff}`);
    }
    for (const [earlier, other] of mappings.slice(0, index).entries()) {
      for (const member of ["containerID", "hostID"] as const) {
        if (map[member] >= other[member] + other.size || other[member] >= map[member] + map.size) continue;
        report.issue(place, `a ${member} range apart from that of ${path}[${earlier}]`);
      }
    }
  }
}

function isInterfaceName(name: string): boolean {
  const length = new TextEncoder().encode(name).length;
  return length > 0 && length <= INTERFACE_NAME_MAX && name !== "." && name !== ".." && !/[/:\s]/.test(name);
}
