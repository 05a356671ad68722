/** Rules of `mounts`. */

import { didYouMean } from "../../failure/suggestion.ts";
import { isMapped } from "../../kernel/id.ts";
import type { MountOption } from "../../native/boundary.gen.ts";
import type { Config } from "../config.ts";
import { namespaceOf } from "../linux.ts";
import type { MountConfig } from "../mounts.ts";
import { parseIdMapOption } from "../resolved/id-maps.ts";
import { knownMountOptions, parseMountOptions } from "../resolved/mount-options.ts";
import { mountsUnderProc, PROC_SUBMOUNTS, rootPath } from "../resolved/mount-targets.ts";
import { type ResolvedMount, resolveMount } from "../resolved/mounts.ts";
import { type Report, type Rule, rule, type ValidationFacts } from "./rule.ts";

const ID_MAPPED = ["mounts[]", "linux.namespaces", "linux.uidMappings", "linux.gidMappings"];

export const mountRules: readonly Rule<Config>[] = [
  rule(["mounts[]", "linux.namespaces"], ({ mounts, linux }, report) => {
    if (mounts.length === 0 || namespaceOf(linux, "mount") !== undefined) return;
    report.issueOf(
      "mounts",
      mounts.map((mount) => mount?.destination),
      'no mounts, or a namespace of type "mount" in linux.namespaces: they would be made for the whole host',
    );
  }),
  rule(["mounts[]"], ({ root, mounts }, report, facts) => {
    const rootfs = report.isSound("root.path") ? rootPath(root, facts.bundle) : "/";
    const place = { bundle: facts.bundle, root: rootfs, container: {} };
    for (const { path, index, mount } of soundMounts(mounts, report)) {
      const resolved = resolveMount(mount, index, place);
      const { kind, target, copyUp } = resolved;
      if (!mount.destination.startsWith("/")) {
        report.warn(
          `${path}.destination`,
          `mount destination ${mount.destination} is not absolute. Support for non-absolute mount destinations will be removed in a future release.`,
        );
      }
      if (target === "/") report.issue(`${path}.destination`, "a path below the root file system");
      if (kind === "bind" || kind === "bind_remount") {
        if (mount.source === "") report.issue(`${path}.source`, "the path to bind");
        const [option] = resolved.data;
        if (option !== undefined) {
          const data = textOf(option);
          report.issueOf(
            `${path}.options`,
            data,
            `mount flags and propagation only: the kernel ignores data of a bind mount${nearOption(data)}`,
            "bind mounts cannot have any filesystem-specific options applied",
          );
        }
      } else if (mount.type === "" && kind !== "remount") {
        report.issue(`${path}.type`, 'a file system type, or "bind" or "rbind" in options');
      }
      if (copyUp && mount.type !== "tmpfs") {
        report.issueOf(`${path}.options`, "tmpcopyup", 'tmpcopyup with type "tmpfs" only');
      }
      checkProc(path, resolved, facts, report);
    }
  }),
  rule(ID_MAPPED, ({ mounts, linux }, report) => {
    for (const { path, mount } of soundMounts(mounts, report)) {
      const { idMap } = parseMountOptions(mount.type, mount.options);
      if (idMap?.mapping !== undefined) {
        if (parseIdMapOption(idMap.mapping, linux) !== undefined) continue;
        report.issueOf(
          `${path}.options`,
          idMap.mapping,
          'mappings such as "uids=0-1000-10#10-2000-5;gids=0-1000-10", with "@" for ids of the container',
        );
        continue;
      }
      const message = "id-mapped mounts must have both uid and gid mappings specified";
      if (mount.uidMappings !== undefined || mount.gidMappings !== undefined) {
        for (const member of ["uidMappings", "gidMappings"] as const) {
          if ((mount[member] ?? []).length > 0) continue;
          report.issue(`${path}.${member}`, "at least one mapping", message);
        }
      } else if (idMap !== undefined && namespaceOf(linux, "user") === undefined) {
        const accepted = 'mappings for idmap, or a namespace of type "user" in linux.namespaces';
        report.issue(`${path}.uidMappings`, accepted, message);
      }
    }
  }),
  rule(ID_MAPPED, ({ mounts, linux }, report, { host }) => {
    if (host.euid === 0 || namespaceOf(linux, "user")?.path !== "") return;
    for (const { path, mount } of soundMounts(mounts, report)) {
      for (const data of parseMountOptions(mount.type, mount.options).data) {
        const [, kind, id] = /^(uid|gid)=(\d{1,10})$/.exec(data) ?? [];
        if (kind === undefined) continue;
        const mappings = (kind === "uid" ? linux.uidMappings : linux.gidMappings) ?? [];
        if (isMapped(Number(id), mappings)) continue;
        report.issueOf(
          `${path}.options`,
          data,
          `a ${kind} of linux.${kind}Mappings`,
          `cannot specify ${data} mount option for rootless container: user namespaces enabled, but no mapping found for ${kind} ${Number(id)}`,
        );
      }
    }
  }),
];

/** Those that the schema has found nothing wrong with. */
function soundMounts(mounts: readonly MountConfig[], report: Report) {
  return mounts
    .map((mount, index) => ({ path: `mounts[${index}]`, index, mount }))
    .filter(({ path }) => report.isSound(path));
}

/** Nothing may cover a part of /proc that controls the kernel or a security module. */
function checkProc(
  path: string,
  { kind, target, type, source }: ResolvedMount,
  { host }: ValidationFacts,
  report: Report,
): void {
  if (!mountsUnderProc(target)) return;
  const quoted = JSON.stringify(target);
  if (target === "/proc") {
    if (kind === "bind" ? host.fileSystemOf(source) === "proc" : type === "proc") return;
    report.issueOf(
      `${path}.destination`,
      target,
      'type "proc", or a bind of a proc file system',
      `${quoted} cannot be mounted because it is not of type proc`,
    );
  } else if (!PROC_SUBMOUNTS.has(target)) {
    const accepted = `below /proc only ${[...PROC_SUBMOUNTS].join(", ")}`;
    const message = `${quoted} cannot be mounted because it is inside /proc`;
    report.issueOf(`${path}.destination`, target, accepted, message);
  }
}

function textOf({ key, value }: MountOption): string {
  return value === null ? key : `${key}=${value}`;
}

/** ` (did you mean "nosuid"?)` for a misspelt flag. */
function nearOption(word: string): string {
  return didYouMean(word, knownMountOptions());
}
