/**
 * state.json: what bunc remembers of a container. The outer fields have the names and meanings of runc's file,
 * because other programs read it (tracers, network agents); what only bunc needs stands under `bunc`.
 *
 * The container's configuration as it was at create time is kept beside it, as config.json (stored-config.ts).
 */

import type { CgroupDriver } from "../cgroup/manager.ts";
import { RuntimeError } from "../failure/errors.ts";
import { describeFound } from "../oci/issue.ts";
import { parseExactly, stringifyJson } from "../oci/json.ts";
import { whyNotJson } from "../oci/json-error.ts";

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

/** The container's init, as calls of the core name it. */
export function initOf({ init_process_pid, init_process_start }: StateRecord) {
  return { pid: init_process_pid, start_time: String(init_process_start) };
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
  return checkRecord(parse(text, path), path);
}

/** The same, of what is parsed: `value` is all that the file holds. */
export function checkRecord(value: unknown, path: string): StateRecord {
  if (!isMap(value)) throw damaged(path, "it is not a JSON object", FORCE_HINT);
  const own = value["bunc"];
  if (typeof own !== "object" || own === null) {
    throw damaged(path, "it was not written by bunc", "delete the container with the runtime that made it");
  }
  const version = (own as { version?: unknown }).version;
  if (!isNatural(version)) throw damaged(path, `field bunc.version is ${found(version)}`, FORCE_HINT);
  if (version > STATE_VERSION) {
    throw damaged(path, `its format ${version} is newer than this bunc`, "use the newer bunc");
  }
  const wrong = wrongField(value as Unchecked);
  if (wrong !== undefined)
    throw damaged(path, `field ${wrong} is ${found(memberAt(value, wrong))}`, FORCE_HINT);
  const { cgroupDriver, systemdUnit } = own as StateRecord["bunc"];
  if (systemdUnit !== "" && cgroupDriver !== "systemd")
    throw damaged(path, `field bunc.systemdUnit is set, and bunc.cgroupDriver is not systemd`, FORCE_HINT);
  return value as unknown as StateRecord;
}

function found(value: unknown): string {
  if (value === undefined) return "missing";
  return describeFound(value);
}

const isText = (value: unknown) => typeof value === "string";
const isBoolean = (value: unknown) => typeof value === "boolean";
const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
/** Or 0. The kernel's largest is PID_MAX_LIMIT, 2^22. */
const isPid = (value: unknown) => isNatural(value) && value <= 2 ** 22;

const isProcess = (value: unknown) => isMap(value) && isPid(value["pid"]) && isNatural(value["startTime"]);

function isTexts(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  for (const item of value) if (typeof item !== "string") return false;
  return true;
}

function isMapOfTexts(value: unknown): boolean {
  if (!isMap(value)) return false;
  for (const name in value) if (typeof value[name] !== "string") return false;
  return true;
}

/** What commands read of it. */
function isConfig(value: unknown): boolean {
  if (!isMap(value)) return false;
  const { rootfs, namespaces } = value;
  if (typeof rootfs !== "string" || !Array.isArray(namespaces)) return false;
  for (const namespace of namespaces) if (!isNamespace(namespace)) return false;
  return true;
}

const isNamespace = (value: unknown) => isMap(value) && isText(value["type"]) && isText(value["path"]);

type Unchecked = { [Field in keyof Omit<StateRecord, "bunc">]?: unknown } & {
  bunc: { [Field in keyof StateRecord["bunc"]]?: unknown };
};

/**
 * The first that is not what it must be: a damaged file must not decide which process is signalled, or which directory is
 * removed. Field by field, because `list` checks thousands of records, and nothing compiles this to machine code
 * (docs/decisions/0007-image.md): a table of checks would take most of its time.
 */
function wrongField(record: Unchecked): string | undefined {
  if (!isText(record.id)) return "id";
  if (!isPid(record.init_process_pid)) return "init_process_pid";
  if (!isNatural(record.init_process_start)) return "init_process_start";
  if (!isText(record.created)) return "created";
  if (!isConfig(record.config)) return "config";
  if (!isBoolean(record.rootless)) return "rootless";
  if (!isMapOfTexts(record.cgroup_paths)) return "cgroup_paths";
  if (!isMapOfTexts(record.namespace_paths)) return "namespace_paths";
  if (!isTexts(record.external_descriptors)) return "external_descriptors";
  if (!isText(record.intel_rdt_path)) return "intel_rdt_path";
  const own = record.bunc;
  if (!isText(own.ociVersion)) return "bunc.ociVersion";
  if (!isText(own.bundle)) return "bunc.bundle";
  if (!isMapOfTexts(own.annotations)) return "bunc.annotations";
  if (!isBoolean(own.creating)) return "bunc.creating";
  if (own.creator !== undefined && !isProcess(own.creator)) return "bunc.creator";
  if (own.initExecutable !== undefined && !isText(own.initExecutable)) return "bunc.initExecutable";
  if (!isText(own.cgroupDriver)) return "bunc.cgroupDriver";
  if (!isText(own.systemdUnit)) return "bunc.systemdUnit";
  if (!isText(own.systemdSlice)) return "bunc.systemdSlice";
  if (own.resctrlGroups !== undefined && !isTexts(own.resctrlGroups)) return "bunc.resctrlGroups";
  return undefined;
}

/** `path`: names with points between them. */
function memberAt(value: unknown, path: string): unknown {
  return path.split(".").reduce((member, name) => (member as Record<string, unknown>)[name], value);
}

const FORCE_HINT = "delete --force removes what is left of the container";

function parse(text: string, path: string): unknown {
  try {
    return parseExactly(text);
  } catch (error) {
    throw damaged(path, whyNotJson(text, error), FORCE_HINT);
  }
}

function damaged(path: string, why: string, hint: string): RuntimeError {
  return new RuntimeError(`unable to read the state file ${path}: ${why}`, { path, hint });
}
