/** Rules of `mounts`. */

import { didYouMean } from "../../failure/suggestion.ts";
import { isMapped } from "../../kernel/id.ts";
import type { MountOption } from "../../native/boundary.gen.ts";
import type { Config } from "../config.ts";
import { namespaceOf } from "../linux.ts";
import type { IdMapping } from "../mounts.ts";
import { parseIdMapOption } from "../resolved/id-maps.ts";
import { knownMountOptions, parseMountOptions } from "../resolved/mount-options.ts";
import { mountsUnderProc, PROC_SUBMOUNTS, rootPath } from "../resolved/mount-targets.ts";
import { type ResolvedMount, resolveMount } from "../resolved/mounts.ts";
import type { Report, Rule, ValidationFacts } from "./rule.ts";

export const mountRules: readonly Rule<Config>[] = [
  {
    reads: ["mounts[]", "linux.namespaces"],
    check({ mounts, linux }, _facts, report) {
      if (mounts.length === 0 || namespaceOf(linux, "mount") !== undefined) return;
      report.issue(
        "mounts",
        mounts.map((mount) => mount?.destination),
        'no mounts, or a namespace of type "mount" in linux.namespaces: they would be made for the whole host',
      );
    },
  },
  {
    reads: ["mounts[]"],
    check({ root, mounts }, facts, report) {
      const rootfs = report.isSound("root.path") ? rootPath(root, facts.bundle) : "/";
      const place = { bundle: facts.bundle, root: rootfs, container: {} };
      for (const [index, mount] of mounts.entries()) {
        const path = `mounts[${index}]`;
        if (!report.isSound(path)) continue;
        const resolved = resolveMount(mount, index, place);
        const { kind, target, copyUp } = resolved;
        if (!mount.destination.startsWith("/")) {
          report.warn(
            `${path}.destination`,
            mount.destination,
            `mount destination ${mount.destination} is not absolute. Support for non-absolute mount destinations will be removed in a future release.`,
          );
        }
        if (target === "/") {
          report.issue(`${path}.destination`, mount.destination, "a path below the root file system");
        }
        if (kind === "bind" || kind === "bind_remount") {
          if (mount.source === "") report.issue(`${path}.source`, mount.source, "the path to bind");
          const [option] = resolved.data;
          if (option !== undefined) {
            const data = textOf(option);
            report.issue(
              `${path}.options`,
              data,
              `mount flags and propagation only: the kernel ignores data of a bind mount${nearOption(data)}`,
              "bind mounts cannot have any filesystem-specific options applied",
            );
          }
        } else if (mount.type === "" && kind !== "remount") {
          report.issue(`${path}.type`, mount.type, 'a file system type, or "bind" or "rbind" in options');
        }
        if (copyUp && mount.type !== "tmpfs") {
          report.issue(`${path}.options`, "tmpcopyup", 'tmpcopyup with type "tmpfs" only');
        }
        checkProc(path, resolved, facts, report);
      }
    },
  },
  {
    reads: ["mounts[]", "linux.namespaces", "linux.uidMappings", "linux.gidMappings"],
    check({ mounts, linux }, _facts, report) {
      const hasUserNamespace = namespaceOf(linux, "user") !== undefined;
      const { uidMappings = [], gidMappings = [] } = linux;
      for (const [index, mount] of mounts.entries()) {
        const path = `mounts[${index}]`;
        if (!report.isSound(path)) continue;
        const { idMap } = parseMountOptions(mount.type, mount.options);
        if (idMap?.mapping === undefined) {
          const asked = idMap !== undefined;
          checkIdMap(path, mount.uidMappings, mount.gidMappings, asked, hasUserNamespace, report);
        } else if (parseIdMapOption(idMap.mapping, { uidMappings, gidMappings }) === undefined) {
          report.issue(
            `${path}.options`,
            idMap.mapping,
            'mappings such as "uids=0-1000-10#10-2000-5;gids=0-1000-10", with "@" for ids of the container',
          );
        }
      }
    },
  },
  {
    reads: ["mounts[]", "linux.namespaces", "linux.uidMappings", "linux.gidMappings"],
    check({ mounts, linux }, { host }, report) {
      if (host.euid === 0) return;
      const user = namespaceOf(linux, "user");
      if (user === undefined || user.path !== "") return;
      for (const [index, mount] of mounts.entries()) {
        if (!report.isSound(`mounts[${index}]`)) continue;
        for (const data of parseMountOptions(mount.type, mount.options).data) {
          const match = /^(uid|gid)=(\d{1,10})$/.exec(data);
          if (match === null) continue;
          const mappings = (match[1] === "uid" ? linux.uidMappings : linux.gidMappings) ?? [];
          const id = Number(match[2]);
          if (isMapped(id, mappings)) continue;
          report.issue(
            `mounts[${index}].options`,
            data,
            `a ${match[1]} of linux.${match[1]}Mappings`,
            `cannot specify ${data} mount option for rootless container: user namespaces enabled, but no mapping found for ${match[1]} ${id}`,
          );
        }
      }
    },
  },
];

function checkIdMap(
  path: string,
  uidMappings: readonly IdMapping[] | undefined,
  gidMappings: readonly IdMapping[] | undefined,
  asked: boolean,
  hasUserNamespace: boolean,
  report: Report,
): void {
  const hasMappings = uidMappings !== undefined || gidMappings !== undefined;
  if (hasMappings) {
    for (const [member, mappings] of [
      ["uidMappings", uidMappings],
      ["gidMappings", gidMappings],
    ] as const) {
      if ((mappings ?? []).length > 0) continue;
      report.issue(
        `${path}.${member}`,
        mappings,
        "at least one mapping",
        "id-mapped mounts must have both uid and gid mappings specified",
      );
    }
  } else if (asked && !hasUserNamespace) {
    report.issue(
      `${path}.uidMappings`,
      undefined,
      'mappings for idmap, or a namespace of type "user" in linux.namespaces',
      "id-mapped mounts must have both uid and gid mappings specified",
    );
  }
}

/** Nothing may cover a part of /proc that controls the kernel or a security module. */
function checkProc(
  path: string,
  { kind, target, type, source }: ResolvedMount,
  { host }: ValidationFacts,
  report: Report,
): void {
  if (!mountsUnderProc(target)) return;
  if (target === "/proc") {
    if (kind === "bind" ? host.fileSystemOf(source) === "proc" : type === "proc") return;
    report.issue(
      `${path}.destination`,
      target,
      'type "proc", or a bind of a proc file system',
      `${JSON.stringify(target)} cannot be mounted because it is not of type proc`,
    );
    return;
  }
  if (PROC_SUBMOUNTS.has(target)) return;
  report.issue(
    `${path}.destination`,
    target,
    `below /proc only ${[...PROC_SUBMOUNTS].join(", ")}`,
    `${JSON.stringify(target)} cannot be mounted because it is inside /proc`,
  );
}

function textOf({ key, value }: MountOption): string {
  return value === null ? key : `${key}=${value}`;
}

/** ` (did you mean "nosuid"?)` for a misspelt flag. */
function nearOption(word: string): string {
  return didYouMean(word, knownMountOptions());
}
