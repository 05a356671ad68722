/** What `spec`'s flags do to a specification. Pure. */

import { capabilityNames } from "../kernel/capability.ts";
import { cleanPath } from "../kernel/paths.ts";
import { mountsInUserNamespace } from "../oci/default-spec.ts";
import type { NamespaceType } from "../oci/linux.ts";
import type { MountConfig } from "../oci/mounts.ts";
import { CAPABILITY_SETS } from "../oci/process.ts";
import type { UserIds } from "../verbs/names.ts";
import type { DeviceValue } from "./device.ts";
import type { Draft, DraftSeccomp } from "./draft.ts";
import { CPU_PERIOD_US, type HookValue, type NamespaceValue } from "./values.ts";

/** Undefined, or an empty list: left as it is. */
export interface SpecChanges {
  args: readonly string[];
  env: readonly string[];
  cwd: string | undefined;
  user: UserIds | undefined;
  terminal: boolean | undefined;
  hostname: string | undefined;
  rootfs: string | undefined;
  readonly: boolean | undefined;
  mounts: readonly MountConfig[];
  /** Names of capabilities, and ALL. */
  capAdd: readonly string[];
  capDrop: readonly string[];
  memory: bigint | undefined;
  /** CPU time in a period of CPU_PERIOD_US. */
  cpuQuota: number | undefined;
  pidsLimit: number | undefined;
  devices: readonly DeviceValue[];
  sysctls: readonly (readonly [name: string, value: string])[];
  annotations: readonly (readonly [name: string, value: string])[];
  hooks: readonly HookValue[];
  userns: NamespaceValue | undefined;
  network: NamespaceValue | undefined;
  /** Made from the capabilities that the container ends up with. null: none. */
  seccomp: ((bounding: readonly string[]) => DraftSeccomp) | null | undefined;
}

/** Changes `draft` in place. */
export function changeSpec(draft: Draft, changes: SpecChanges): void {
  changeProcess(draft, changes);
  changeCapabilities(draft, changes.capAdd, changes.capDrop);
  if (changes.hostname === "") delete draft.hostname;
  else if (changes.hostname !== undefined) draft.hostname = changes.hostname;
  if (changes.rootfs !== undefined || changes.readonly !== undefined) {
    const { rootfs: path, readonly } = changes;
    draft.root = {
      ...draft.root,
      ...(path === undefined ? {} : { path }),
      ...(readonly === undefined ? {} : { readonly }),
    };
  }
  for (const mount of changes.mounts) addMount(draft, mount);
  changeResources(draft, changes);
  for (const device of changes.devices) addDevice(draft, device);
  if (changes.sysctls.length > 0) {
    draft.linux = { ...draft.linux };
    draft.linux.sysctl = { ...draft.linux.sysctl, ...Object.fromEntries(changes.sysctls) };
  }
  if (changes.annotations.length > 0) {
    draft.annotations = { ...draft.annotations, ...Object.fromEntries(changes.annotations) };
  }
  for (const hook of changes.hooks) addHook(draft, hook);
  if (changes.userns !== undefined) changeUserNamespace(draft, changes.userns);
  if (changes.network !== undefined) changeNamespace(draft, "network", changes.network);
  if (changes.userns !== undefined || changes.network !== undefined) adjustMounts(draft);
  if (changes.seccomp !== undefined) {
    draft.linux = { ...draft.linux };
    if (changes.seccomp === null) delete draft.linux.seccomp;
    else draft.linux.seccomp = changes.seccomp(draft.process?.capabilities?.bounding ?? []);
  }
}

function changeProcess(draft: Draft, changes: SpecChanges): void {
  const { args, env, cwd, user, terminal } = changes;
  if (args.length === 0 && env.length === 0 && [cwd, user, terminal].every((each) => each === undefined))
    return;
  draft.process ??= {};
  const { process } = draft;
  if (args.length > 0) process.args = [...args];
  for (const entry of env) {
    const name = entry.slice(0, entry.indexOf("=") + 1);
    process.env ??= [];
    const index = process.env.findIndex((each) => each.startsWith(name));
    if (index === -1) process.env.push(entry);
    else process.env[index] = entry;
  }
  if (cwd !== undefined) process.cwd = cwd;
  if (user !== undefined) {
    process.user = { ...process.user, uid: user.uid, ...(user.gid === undefined ? {} : { gid: user.gid }) };
  }
  if (terminal !== undefined) process.terminal = terminal;
}

/**
 * Sets that a capability is added to: an inheritable one would reach programs of a user without capabilities.
 */
const ADDED_TO: readonly string[] = ["bounding", "effective", "permitted"];

/** As docker: of ALL added, the dropped are taken away; to ALL dropped, the added come back. */
function changeCapabilities(draft: Draft, add: readonly string[], drop: readonly string[]): void {
  if (add.length === 0 && drop.length === 0) return;
  draft.process ??= {};
  const capabilities = { ...draft.process.capabilities };
  for (const set of CAPABILITY_SETS) {
    const isAddedTo = ADDED_TO.includes(set);
    const before = capabilities[set] ?? (isAddedTo ? [] : undefined);
    if (before === undefined) continue;
    const added = isAddedTo ? add : [];
    const start = added.includes("ALL") ? capabilityNames() : drop.includes("ALL") ? [] : before;
    const kept = start.filter((name) => !drop.includes(name));
    capabilities[set] = [...new Set([...kept, ...added.filter((name) => name !== "ALL")])];
  }
  draft.process.capabilities = capabilities;
}

/** Replaces the mount that is already there, which it would only cover. */
function addMount(draft: Draft, mount: MountConfig): void {
  draft.mounts ??= [];
  const { mounts } = draft;
  const index = mounts.findLastIndex(({ destination }) => clean(destination) === clean(mount.destination));
  if (index === -1) mounts.push(mount);
  else mounts[index] = mount;
}

const clean = (path = "") => cleanPath(path);

function changeResources(draft: Draft, { memory, cpuQuota, pidsLimit }: SpecChanges): void {
  if (memory === undefined && cpuQuota === undefined && pidsLimit === undefined) return;
  draft.linux = { ...draft.linux };
  const resources = { ...draft.linux.resources };
  if (memory !== undefined) resources.memory = { ...resources.memory, limit: memory };
  if (cpuQuota !== undefined) resources.cpu = { ...resources.cpu, quota: cpuQuota, period: CPU_PERIOD_US };
  if (pidsLimit !== undefined) resources.pids = { ...resources.pids, limit: pidsLimit };
  draft.linux.resources = resources;
}

function addDevice(draft: Draft, { type, major, minor, path, owner, access }: DeviceValue): void {
  draft.linux = { ...draft.linux };
  const devices = (draft.linux.devices ?? []).filter((device) => clean(device.path) !== clean(path));
  draft.linux.devices = [...devices, { path, type, major, minor, ...owner }];
  // If nothing is denied, nothing has to be allowed.
  const rules = draft.linux.resources?.devices ?? [];
  if (rules.length === 0) return;
  const rule = { allow: true, type, major, minor, access };
  draft.linux.resources = { ...draft.linux.resources, devices: [...rules, rule] };
}

function addHook(draft: Draft, { kind, path, args, env, timeout }: HookValue): void {
  const hook = {
    path,
    ...(args.length === 0 ? {} : { args }),
    ...(env.length === 0 ? {} : { env }),
    ...(timeout === undefined ? {} : { timeout }),
  };
  draft.hooks = { ...draft.hooks, [kind]: [...(draft.hooks?.[kind] ?? []), hook] };
}

function changeNamespace(draft: Draft, type: NamespaceType, value: NamespaceValue): void {
  draft.linux = { ...draft.linux };
  const namespaces = draft.linux.namespaces ?? [];
  const others = namespaces.filter((namespace) => namespace.type !== type);
  if (value.kind === "host") {
    draft.linux.namespaces = others;
    return;
  }
  const namespace = value.kind === "join" ? { type, path: value.path } : { type };
  const index = namespaces.findIndex((each) => each.type === type);
  draft.linux.namespaces = index === -1 ? [...others, namespace] : namespaces.with(index, namespace);
}

function changeUserNamespace(draft: Draft, value: NamespaceValue): void {
  changeNamespace(draft, "user", value);
  const linux = draft.linux ?? {};
  if (value.kind === "new") {
    linux.uidMappings = value.mappings;
    linux.gidMappings = value.mappings;
  } else {
    delete linux.uidMappings;
    delete linux.gidMappings;
  }
}

function adjustMounts(draft: Draft): void {
  const { namespaces = [], gidMappings = [] } = draft.linux ?? {};
  const has = (type: NamespaceType) => namespaces.some((namespace) => namespace.type === type);
  if (has("user")) draft.mounts = mountsInUserNamespace(draft.mounts ?? [], has("network"), gidMappings);
}
