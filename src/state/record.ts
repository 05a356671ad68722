/**
 * state.json: what bunc remembers of a container. The outer fields have the names and meanings of runc's file,
 * because other programs read it (tracers, network agents); what only bunc needs stands under `bunc`.
 *
 * The container's configuration as it was at create time is kept beside it, as config.json (stored-config.ts).
 */

import type { CgroupDriver } from "../cgroup/manager.ts";
import { RuntimeError } from "../failure/errors.ts";
import { parseExactly, stringifyJson } from "../oci/json.ts";

/** Contents of state.json. */
export interface StateRecord {
  id: string;
  /** 0 until the process exists. */
  init_process_pid: number;
  /** Clock ticks since boot: with the pid it names the process for good. proc_pid_stat(5), field 22. */
  init_process_start: number;
  /** RFC 3339 with nanoseconds, UTC. */
  created: string;
  config: {
    rootfs: string;
    hostname: string;
    /** `bundle=<path>` and the annotations as `name=value`. */
    labels: string[];
    mounts: { source: string; destination: string; device: string }[];
    namespaces: { type: string; path: string }[];
    cgroups: { name: string; path: string; systemd: boolean; rootless: boolean };
  };
  rootless: boolean;
  /** v1 controller name → directory; "" → the cgroup v2 directory. */
  cgroup_paths: Record<string, string>;
  /** "NEWNS" → "/proc/<pid>/ns/mnt" */
  namespace_paths: Record<string, string>;
  /** What standard input, output and error of the first process were: "pipe:[5]". */
  external_descriptors: string[];
  /** The resctrl group; "" without linux.intelRdt. */
  intel_rdt_path: string;
  bunc: {
    /** Of this file; see `STATE_VERSION`. */
    version: number;
    ociVersion: string;
    bundle: string;
    annotations: Record<string, string>;
    /** Set during create: a record that still has it belongs to a create that did not finish. */
    creating: boolean;
    /** The process of that create: pid and start time. Records of older versions have none. */
    creator?: { pid: number; startTime: number };
    /** Which file bunc-init is executed from (Spawned.executable). Records of older versions have none. */
    initExecutable?: string;
    cgroupDriver: CgroupDriver;
    /** systemd driver: the unit, "slice" and "scope". */
    systemdUnit: string;
    systemdSlice: string;
    /** Directories of resctrl that were made for this container and end with it. Records of older versions have none. */
    resctrlGroups?: string[];
  };
}

/**
 * Raised when an older bunc could not read a newer record, and when the stored configuration changes its
 * shape (stored-config.ts). Newer versions read all older records.
 */
export const STATE_VERSION = 1;

/** With a newline at its end. */
export function serializeRecord(record: StateRecord): string {
  return `${stringifyJson(record)}\n`;
}

/** The record of a state file. Throws RuntimeError for any other text; `path` names the file. */
export function parseRecord(text: string, path: string): StateRecord {
  const value = parseObject(text, path);
  const own = value["bunc"];
  if (typeof own !== "object" || own === null) {
    throw damaged(path, "it was not written by bunc", "delete the container with the runtime that made it");
  }
  const version = (own as { version?: unknown }).version;
  if (!isNatural(version)) throw damaged(path, `field bunc.version is ${found(version)}`, FORCE_HINT);
  if (version > STATE_VERSION) {
    throw damaged(path, `its format ${version} is newer than this bunc`, "use the newer bunc");
  }
  for (const [field, isSound] of Object.entries(FIELDS)) {
    if (!isSound(value[field])) throw damaged(path, `field ${field} is ${found(value[field])}`, FORCE_HINT);
  }
  for (const [field, isSound] of Object.entries(OWN_FIELDS)) {
    const member = (own as Record<string, unknown>)[field];
    if (!isSound(member)) throw damaged(path, `field bunc.${field} is ${found(member)}`, FORCE_HINT);
  }
  const { cgroupDriver, systemdUnit } = own as StateRecord["bunc"];
  if (systemdUnit !== "" && cgroupDriver !== "systemd")
    throw damaged(path, `field bunc.systemdUnit is set, and bunc.cgroupDriver is not systemd`, FORCE_HINT);
  return value as unknown as StateRecord;
}

function found(value: unknown): string {
  if (value === undefined) return "missing";
  const { describeFound }: typeof import("../oci/issue.ts") = require("../oci/issue.ts");
  return describeFound(value);
}

const isText = (value: unknown) => typeof value === "string";
const isBoolean = (value: unknown) => typeof value === "boolean";
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
const isMapOfTexts = (value: unknown) => isObject(value) && Object.values(value as object).every(isText);
const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
/** Or 0. The kernel's largest is PID_MAX_LIMIT, 2^22. */
const isPid = (value: unknown) => isNatural(value) && value <= 2 ** 22;

const isProcess = (value: unknown) =>
  isObject(value) &&
  isPid((value as { pid?: unknown }).pid) &&
  isNatural((value as { startTime?: unknown }).startTime);

/** What commands read of it. */
function isConfig(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { rootfs, namespaces } = value as { rootfs?: unknown; namespaces?: unknown };
  return isText(rootfs) && Array.isArray(namespaces) && namespaces.every(isNamespace);
}

const isNamespace = (value: unknown) =>
  isObject(value) && isText((value as { type?: unknown }).type) && isText((value as { path?: unknown }).path);

/** A damaged file must not decide which process is signalled, or which directory is removed. */
const FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  id: isText,
  init_process_pid: isPid,
  init_process_start: isNatural,
  created: isText,
  config: isConfig,
  rootless: isBoolean,
  cgroup_paths: isMapOfTexts,
  namespace_paths: isMapOfTexts,
  external_descriptors: isTexts,
  intel_rdt_path: isText,
};

const OWN_FIELDS: typeof FIELDS = {
  ociVersion: isText,
  bundle: isText,
  annotations: isMapOfTexts,
  creating: isBoolean,
  creator: (value) => value === undefined || isProcess(value),
  initExecutable: (value) => value === undefined || isText(value),
  cgroupDriver: isText,
  systemdUnit: isText,
  systemdSlice: isText,
  resctrlGroups: (value) => value === undefined || isTexts(value),
};

const FORCE_HINT = "delete --force removes what is left of the container";

function parseObject(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseExactly(text);
  } catch (error) {
    const { whyNotJson }: typeof import("../oci/json-error.ts") = require("../oci/json-error.ts");
    throw damaged(path, whyNotJson(text, error), FORCE_HINT);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw damaged(path, "it is not a JSON object", FORCE_HINT);
  }
  return value as Record<string, unknown>;
}

function damaged(path: string, why: string, hint: string): RuntimeError {
  return new RuntimeError(`unable to read the state file ${path}: ${why}`, { path, hint });
}
