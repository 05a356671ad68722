/**
 * The values of `spec`'s flags that no other command has. Names and meanings are those of docker's flags, where it has
 * them. Every parser throws ValueError.
 */

import { didYouMean } from "../failure/suggestion.ts";
import { capabilityNames, capabilityNumber } from "../kernel/capability.ts";
import { HOOK_KINDS, type HookKindName } from "../oci/hooks.ts";
import type { IdMapping, MountConfig } from "../oci/mounts.ts";
import { knownMountOptions } from "../oci/resolved/mount-options.ts";
import { parseCapability } from "../verbs/names.ts";
import { quote, ValueError } from "../verbs/values.ts";
import { parseFields, unknownField } from "./fields.ts";

export interface HookValue {
  kind: HookKindName;
  path: string;
  args: string[];
  env: string[];
  timeout: number | undefined;
}

export type NamespaceValue =
  | { kind: "host" }
  | { kind: "new"; mappings: IdMapping[] }
  | { kind: "join"; path: string };

const ALL = "ALL";

/** `net_admin` → `CAP_NET_ADMIN`, `all` → `ALL`. */
export function parseKnownCapability(text: string): string {
  if (text.toUpperCase() === ALL) return ALL;
  const name = parseCapability(text);
  if (capabilityNumber(name) !== undefined) return name;
  const suggestion = didYouMean(`CAP_${text.toUpperCase().replace(/^CAP_/, "")}`, capabilityNames());
  throw new ValueError(
    `unknown capability ${quote(text)}${suggestion}: use a name of capabilities(7), or ALL`,
  );
}

const MOUNT_FIELDS: Readonly<Record<string, string>> = {
  type: "type",
  source: "source",
  src: "source",
  destination: "destination",
  dst: "destination",
  target: "destination",
};

export function parseMount(text: string): MountConfig {
  const mount: MountConfig = { destination: "", type: "", source: "", options: [] };
  for (const { name, value } of parseFields(text)) {
    const member = Object.hasOwn(MOUNT_FIELDS, name) ? MOUNT_FIELDS[name] : undefined;
    if (member !== undefined && value !== undefined) {
      mount[member as "type" | "source" | "destination"] = value;
    } else if (name === "options" && value !== undefined) {
      for (const option of value.split(":")) if (option !== "") mount.options.push(option);
    } else if (name === "option" && value !== undefined) {
      mount.options.push(value);
    } else if (name === "readonly" && (value === undefined || value === "true")) {
      mount.options.push("ro");
    } else if (value === undefined && knownMountOptions().includes(name)) {
      mount.options.push(name);
    } else {
      const bare = value === undefined ? knownMountOptions() : [];
      throw unknownField(name, [...Object.keys(MOUNT_FIELDS), "options", "option", "readonly"], bare);
    }
  }
  if (!mount.destination.startsWith("/")) {
    throw new ValueError(`destination ${quote(mount.destination)} is not an absolute path`);
  }
  if (mount.type === "") throw new ValueError("type= is missing: such as bind, tmpfs or proc");
  if (mount.type === "bind") {
    if (mount.source === "") throw new ValueError("source= is missing: the path to bind");
    if (!mount.options.some((option) => option === "bind" || option === "rbind"))
      mount.options.unshift("rbind");
  }
  // Shown in the container's mount table.
  if (mount.source === "") mount.source = mount.type;
  return mount;
}

/** docker's default options of a tmpfs, and the user's option that overrides each. */
const TMPFS_OPTIONS = ["nosuid", "nodev", "noexec"];

/** `/run`, `/run:size=64m,exec`. */
export function parseTmpfs(text: string): MountConfig {
  const colon = text.indexOf(":");
  const destination = colon === -1 ? text : text.slice(0, colon);
  if (!destination.startsWith("/")) throw new ValueError(`${quote(destination)} is not an absolute path`);
  const given = colon === -1 ? [] : text.slice(colon + 1).split(",");
  if (given.includes("")) throw new ValueError(`${quote(text)} has an empty option`);
  const kept = TMPFS_OPTIONS.filter((option) => !given.includes(option) && !given.includes(option.slice(2)));
  return { destination, type: "tmpfs", source: "tmpfs", options: [...kept, ...given] };
}

const HOOK_FIELDS = ["kind", "path", "arg", "env", "timeout"];

/** `arg`s follow the program's own name, which is argv[0]. */
export function parseHook(text: string): HookValue {
  let kind = "";
  const hook = {
    path: "",
    args: [] as string[],
    env: [] as string[],
    timeout: undefined as number | undefined,
  };
  for (const { name, value } of parseFields(text)) {
    if (value === undefined || !HOOK_FIELDS.includes(name)) throw unknownField(name, HOOK_FIELDS);
    if (name === "kind") kind = value;
    else if (name === "path") hook.path = value;
    else if (name === "arg") hook.args.push(value);
    else if (name === "env") hook.env.push(value);
    else hook.timeout = parseTimeout(value);
  }
  const known = HOOK_KINDS.find((each) => each === kind);
  if (known === undefined) {
    throw new ValueError(
      `kind ${quote(kind)} is not ${HOOK_KINDS.join(", ")}${didYouMean(kind, HOOK_KINDS)}`,
    );
  }
  if (!hook.path.startsWith("/")) throw new ValueError(`path ${quote(hook.path)} is not an absolute path`);
  const args = hook.args.length === 0 ? [] : [hook.path, ...hook.args];
  return { ...hook, kind: known, args };
}

function parseTimeout(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new ValueError(`timeout ${quote(text)} is not a number of seconds, from 1`);
}

export const CPU_PERIOD_US = 100_000;
/** The kernel takes no quota below 1 ms. */
const CPUS_MIN = 0.01;
const CPUS_MAX = 100_000;

/** CPU time in a period of CPU_PERIOD_US, in microseconds. */
export function parseCpus(text: string): number {
  const cpus = /^[0-9]{1,6}(?:\.[0-9]{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (cpus >= CPUS_MIN && cpus <= CPUS_MAX) return Math.round(cpus * CPU_PERIOD_US);
  throw new ValueError(`${quote(text)} is not a number of CPUs from ${CPUS_MIN} to ${CPUS_MAX}, such as 1.5`);
}

export function parseNetwork(text: string): NamespaceValue {
  if (text === "host") return { kind: "host" };
  if (text === "none") return { kind: "new", mappings: [] };
  if (text.startsWith("/")) return { kind: "join", path: text };
  throw new ValueError(
    `${quote(text)} is not host, none or the absolute path of a network namespace${didYouMean(text, ["host", "none"])}`,
  );
}

const MAPPING = /^([0-9]{1,10}):([0-9]{1,10}):([0-9]{1,10})$/;

export function parseUserNamespace(text: string): NamespaceValue {
  if (text === "host") return { kind: "host" };
  if (text.startsWith("/")) return { kind: "join", path: text };
  const mappings = text.split(",").map((part) => {
    const [, containerID, hostID, size] = MAPPING.exec(part) ?? [];
    const numbers = [containerID, hostID, size].map(Number);
    if (!numbers.every((number) => number <= 0xffffffff)) {
      throw new ValueError(
        `${quote(text)} is not host, the absolute path of a user namespace, or mappings container:host:size such as 0:100000:65536`,
      );
    }
    return { containerID: numbers[0], hostID: numbers[1], size: numbers[2] } as IdMapping;
  });
  return { kind: "new", mappings };
}
