/**
 * A checked configuration with everything in it that is text to be understood (mount options, paths, namespaces, devices,
 * kernel parameters) understood, once. The rest of the program gets this and not the document.
 */

import { resolvePath } from "../../kernel/paths.ts";
import type { Propagation } from "../../native/boundary.gen.ts";
import type { Config } from "../config.ts";
import type { LinuxConfig, NamespaceType } from "../linux.ts";
import { type ResolvedDevice, resolveDevices } from "./devices.ts";
import { PROPAGATIONS } from "./mount-options.ts";
import { rootPath } from "./mount-targets.ts";
import { type ResolvedMount, resolveMount } from "./mounts.ts";

type ResolvedMembers =
  | "namespaces"
  | "devices"
  | "sysctl"
  | "maskedPaths"
  | "readonlyPaths"
  | "rootfsPropagation";

export interface ResolvedConfig extends Omit<Config, "root" | "mounts" | "linux"> {
  /** `path`: clean and absolute. */
  root: { path: string; readonly: boolean };
  mounts: readonly ResolvedMount[];
  linux: ResolvedLinux;
}

interface ResolvedLinux extends Omit<LinuxConfig, ResolvedMembers> {
  namespaces: Namespaces;
  devices: readonly ResolvedDevice[];
  sysctl: readonly Sysctl[];
  maskedPaths: readonly RestrictedPath[];
  readonlyPaths: readonly RestrictedPath[];
  rootfsPropagation: Propagation | null;
}

/** In the order of the configuration. */
export type Namespaces = ReadonlyMap<NamespaceType, Namespace>;

interface Namespace {
  /** Config path: `linux.namespaces[2]`. */
  subject: string;
  /** Absolute path of the one to join; null: a new one is made. */
  path: string | null;
}

/** A kernel parameter. sysctl(8). */
export interface Sysctl {
  /** As the configuration has it. */
  name: string;
  /** Below /proc/sys: `net/ipv4/ip_forward`. */
  path: string;
  value: string;
}

interface RestrictedPath {
  /** Config path: `linux.maskedPaths[0]`. */
  subject: string;
  /** Clean absolute path in the container. */
  path: string;
}

/** `bundle`: its absolute path. */
export function resolveConfig(config: Config, bundle: string): ResolvedConfig {
  const { linux } = config;
  const root = rootPath(config.root, bundle);
  const place = { bundle, root, container: linux };
  return {
    ...config,
    root: { path: root, readonly: config.root.readonly },
    mounts: config.mounts.map((mount, index) => resolveMount(mount, index, place)),
    linux: {
      ...linux,
      namespaces: new Map(
        linux.namespaces.map(({ type, path }, index) => [
          type,
          { subject: `linux.namespaces[${index}]`, path: path === "" ? null : path },
        ]),
      ),
      devices: resolveDevices(linux.devices),
      sysctl: Object.entries(linux.sysctl ?? {}).map(([name, value]) => ({
        name,
        path: sysctlPath(name),
        value,
      })),
      maskedPaths: restrictedPaths("linux.maskedPaths", linux.maskedPaths),
      readonlyPaths: restrictedPaths("linux.readonlyPaths", linux.readonlyPaths),
      rootfsPropagation: PROPAGATIONS.get(linux.rootfsPropagation) ?? null,
    },
  };
}

/** Whether a namespace is made for the container, not joined. */
export function isNew(namespaces: Namespaces, type: NamespaceType): boolean {
  return namespaces.get(type)?.path === null;
}

/**
 * "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are the same; the first separator says which one is
 * used, so that the other may be part of a name: "net/ipv4/conf/eth0.100/rp_filter".
 */
export function sysctlPath(key: string): string {
  const separator = key.search(/[./]/);
  if (separator === -1 || key[separator] === "/") return key;
  return key.replace(/[./]/g, (character) => (character === "." ? "/" : "."));
}

/** Each path once: a second mask would cover the first. */
function restrictedPaths(member: string, paths: readonly string[]): RestrictedPath[] {
  const first = new Map<string, RestrictedPath>();
  for (const [index, given] of paths.entries()) {
    if (given === "") continue;
    const path = resolvePath("/", given);
    if (!first.has(path)) first.set(path, { subject: `${member}[${index}]`, path });
  }
  return [...first.values()];
}
