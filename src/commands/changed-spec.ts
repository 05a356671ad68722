/** The specification that `spec`'s flags ask for, as text. */

import type { Stats } from "node:fs";
import { RuntimeError, UsageError } from "../failure/errors.ts";
import { portableHost } from "../host/portable.ts";
import type { Log } from "../log/log.ts";
import { ConfigSchema } from "../oci/config.ts";
import { loaded } from "../oci/document.ts";
import { stringifyJson } from "../oci/json.ts";
import { SeccompSchema } from "../oci/seccomp.ts";
import { examineConfig } from "../oci/validate.ts";
import { changeSpec, type SpecChanges } from "../spec/change.ts";
import { defaultSeccomp } from "../spec/default-seccomp.ts";
import { parseDevice } from "../spec/device.ts";
import { type Draft, type DraftSeccomp, readDraft } from "../spec/draft.ts";
import { parseAssignment } from "../spec/fields.ts";
import {
  parseCpus,
  parseHook,
  parseKnownCapability,
  parseMount,
  parseNetwork,
  parseTmpfs,
  parseUserNamespace,
} from "../spec/values.ts";
import { parseFileOrStdin } from "../verbs/paths.ts";
import { quote, readValue, ValueError } from "../verbs/values.ts";
import type { VerbOptions } from "../verbs/verbs.ts";
import { type DocumentSource, readDocument } from "./document-source.ts";

type SpecOptions = VerbOptions<"spec">;

/**
 * Throws RuntimeError for what create would not accept. `example`: the specification to change without
 * --from.
 */
export async function changedSpec(options: SpecOptions, example: () => object, log: Log): Promise<string> {
  if (options.from !== undefined && options.rootless) {
    throw new UsageError("--from and --rootless exclude each other: --rootless applies to the example only");
  }
  const changes = await changesOf(options, log);
  const draft =
    options.from === undefined ? (structuredClone(example()) as Draft) : await readBase(options.from, log);
  changeSpec(draft, changes);
  const text = stringifyJson(draft, "\t");
  const facts = {
    host: portableHost(options.rootless ? 1 : 0),
    bundle: "/",
    noPivot: false,
    rootlessCgroups: options.rootless,
  };
  const { warnings } = loaded("specification", examineConfig("config.json", text, facts));
  for (const warning of warnings) log.warning(warning);
  return text;
}

async function readBase(source: string, log: Log): Promise<Draft> {
  const { document, text } = await readDocument(source);
  const { value, warnings } = readDraft(ConfigSchema, document, text);
  for (const warning of warnings) log.warning(warning);
  return value as Draft;
}

async function changesOf(options: SpecOptions, log: Log): Promise<SpecChanges> {
  const one = <T>(flag: string, text: string | undefined, parse: (text: string) => T) =>
    text === undefined ? undefined : readValue(flag, text, parse);
  const each = <T>(flag: string, texts: readonly string[], parse: (text: string) => T) =>
    texts.map((text) => readValue(flag, text, parse));
  return {
    args: options.args,
    env: options.env,
    cwd: one("cwd", options.cwd, parseAbsolute),
    user: options.user,
    terminal: options.terminal,
    hostname: options.hostname,
    rootfs: options.rootfs,
    readonly: options.readonly,
    mounts: [...each("mount", options.mount, parseMount), ...each("tmpfs", options.tmpfs, parseTmpfs)],
    capAdd: each("cap-add", options.capAdd, parseKnownCapability),
    capDrop: each("cap-drop", options.capDrop, parseKnownCapability),
    memory: options.memory,
    cpuQuota: one("cpus", options.cpus, parseCpus),
    pidsLimit: options.pidsLimit,
    devices: each("device", options.device, (text) => parseDevice(text, stat)),
    sysctls: each("sysctl", options.sysctl, parseAssignment),
    annotations: each("annotation", options.annotation, parseAssignment),
    hooks: each("hook", options.hook, parseHook),
    userns: one("userns", options.userns, parseUserNamespace),
    network: one("network", options.network, parseNetwork),
    seccomp: await seccompOf(options.seccomp, log),
  };
}

function parseAbsolute(text: string): string {
  if (text.startsWith("/")) return text;
  throw new ValueError(`${quote(text)} is not an absolute path`);
}

function stat(path: string): Stats {
  const fs: typeof import("node:fs") = require("node:fs");
  return fs.statSync(path);
}

async function seccompOf(value: string | undefined, log: Log): Promise<SpecChanges["seccomp"]> {
  if (value === undefined) return undefined;
  if (value === "none") return null;
  if (value === "default") return (bounding) => defaultSeccomp(process.arch, bounding);
  const profile = readSeccomp(await readDocument(parseFileOrStdin(value)), log);
  return () => profile;
}

/** Members of a profile in Docker's own format, which say for which machine and capabilities a rule is. */
const DOCKER_MEMBERS = ["archMap", "includes", "excludes"];

/** Members that the schema does not know are dropped, and a rule for some cases only would hold always. */
function readSeccomp({ document, text }: DocumentSource, log: Log): DraftSeccomp {
  const { value, warnings } = readDraft(SeccompSchema, document, text);
  const profile = value as DraftSeccomp;
  const found = [profile, ...(profile.syscalls ?? [])]
    .flatMap((each) => Object.entries(each))
    .find(([name, member]) => DOCKER_MEMBERS.includes(name) && Object.keys(member ?? {}).length > 0);
  if (found !== undefined) {
    throw new RuntimeError(
      `${document}: its member ${JSON.stringify(found[0])} is of Docker's profiles, whose rules depend on the machine and on capabilities: accepted is linux.seccomp of the OCI specification`,
      { path: document },
    );
  }
  for (const warning of warnings) log.warning(warning);
  return profile;
}
