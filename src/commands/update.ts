/** `update`: changes the limits of a container that exists, and remembers them for the next update. */

import { changeSettings, writeSettings } from "../cgroup/create.ts";
import { type CgroupLocations, locationOf } from "../cgroup/paths.ts";
import { rememberFiles } from "../cgroup/put-back.ts";
import { type CgroupSetting, ignoredWarning } from "../cgroup/resources/setting.ts";
import { checkMemoryUsage } from "../cgroup/resources/v2.ts";
import { cgroupsOf, systemdEnvironment } from "../container/cgroups.ts";
import { changeContainer } from "../container/container.ts";
import { defined, mergeResources, type ResourceChange } from "../container/merge-resources.ts";
import { changeRdt, type RdtChange } from "../container/rdt.ts";
import { readStoredConfig } from "../container/stored-config.ts";
import { updateUnit } from "../container/systemd-unit.ts";
import { failureMessage, RuntimeError } from "../failure/errors.ts";
import { containerNotRunning } from "../failure/messages.ts";
import { currentHost } from "../host/current.ts";
import type { Log } from "../log/log.ts";
import { native } from "../native/call.ts";
import { checkDocument, loaded } from "../oci/document.ts";
import { parseJson, stringifyJson } from "../oci/json.ts";
import { type ResourcesConfig, ResourcesSchema } from "../oci/resources.ts";
import type { StateRecord } from "../state/record.ts";
import type { Handler, VerbOptions } from "../verbs/verbs.ts";
import { readDocument } from "./document-source.ts";

export const run: Handler<"update"> = async (options, [id], context) => {
  const asked =
    options.resources === undefined
      ? resourcesOfFlags(options)
      : await readResources(options.resources, context.log);
  return changeContainer(id, context, ({ directory, record, status }) => {
    if (status === "stopped") throw containerNotRunning();
    if (asked.memory?.kernel !== undefined || asked.memory?.kernelTCP !== undefined) {
      context.log.warning({
        path: "linux.resources.memory",
        message: "Kernel memory settings are ignored and will be removed",
      });
    }
    const text = directory.loadConfig();
    const stored = readStoredConfig(text, record);
    const current = stored.linux.resources ?? {};
    const { merged, changes } = mergeResources(current, asked);
    const { cgroup } = currentHost();
    const locations = cgroupsOf(record);
    if (cgroup.mode === "v2" && asked.memory?.checkBeforeUpdate === true) {
      checkMemoryUsage(merged, currentMemory(locations));
    }
    const rdt = changeRdt(record, stored, options);
    apply(record, locations, { merged, changes }, rdt, context.log);
    directory.saveConfig(withLinux(text, { resources: merged, ...rdt.changed }));
    return 0;
  });
};

/** When one of the changes is refused, everything is put back as it was. */
function apply(
  record: StateRecord,
  locations: CgroupLocations,
  { merged, changes }: ResourceChange,
  rdt: RdtChange,
  log: Log,
): void {
  const unit =
    record.bunc.systemdUnit === ""
      ? undefined
      : updateUnit(record, changes, systemdEnvironment(record.rootless));
  const { settings, ignored } = changeSettings(currentHost().cgroup, unit?.resources ?? changes);
  const write = () => writeSettings(locations, settings);
  const putBack = rememberFiles(locations, settings);
  try {
    // Systemd is not told what the kernel refuses.
    write();
    if (unit !== undefined) {
      const writeAgain = rememberFiles(locations, withOthers(settings, merged));
      unit.tell();
      writeAgain();
    }
    rdt.write();
  } catch (error) {
    const { withCgroupDiagnosis }: typeof import("../container/cgroup-diagnosis.ts") =
      require("../container/cgroup-diagnosis.ts");
    const told = withCgroupDiagnosis(error, locations);
    try {
      putBack();
    } catch (again) {
      log.warning(`putting the old limits back: ${failureMessage(again)}`);
    }
    throw told;
  } finally {
    unit?.close();
  }
  for (const resource of ignored) log.warning(ignoredWarning(resource));
}

/** `changed`, and what else the container's resources say. */
function withOthers(changed: readonly CgroupSetting[], resources: ResourcesConfig): CgroupSetting[] {
  const all = changeSettings(currentHost().cgroup, resources).settings;
  const isChanged = ({ file, value }: CgroupSetting) =>
    changed.some((one) => one.file === file && one.value === value);
  return [...all.filter((setting) => !isChanged(setting)), ...changed];
}

/** Bytes. */
function currentMemory(locations: CgroupLocations): bigint {
  const location = locationOf(locations, "memory");
  if (location === undefined) return 0n;
  const { mount, path } = location;
  const [current] = native("cgroup_read", { groups: [{ mount, path, files: ["memory.current"] }] }).files;
  return BigInt(current?.text.trim() ?? 0);
}

/** The text of config.json, with other members of `linux`. */
function withLinux(text: string, changed: object): string {
  const config = parseJson(text) as { linux?: object };
  return stringifyJson({ ...config, linux: { ...config.linux, ...changed } });
}

/** `source`: a path, or "-" for standard input. */
async function readResources(source: string, log: Log): Promise<ResourcesConfig> {
  const { document, text } = await readDocument(source);
  const reading = checkDocument(ResourcesSchema, document, text);
  const { value, warnings } = loaded<ResourcesConfig>(document, reading);
  log.warnings(warnings);
  return value;
}

function resourcesOfFlags(options: VerbOptions<"update">): ResourcesConfig {
  const { cpuIdle, pidsLimit, blkioWeight } = options;
  if (cpuIdle !== undefined && cpuIdle !== 0n && cpuIdle !== 1n) {
    throw new RuntimeError(`invalid value for cpu-idle: ${cpuIdle} is neither 0 nor 1`);
  }
  return {
    memory: defined({
      limit: options.memory,
      swap: options.memorySwap,
      reservation: options.memoryReservation,
      kernel: options.kernelMemory,
      kernelTCP: options.kernelMemoryTcp,
    }),
    cpu: {
      cpus: options.cpusetCpus ?? "",
      mems: options.cpusetMems ?? "",
      ...defined({
        period: options.cpuPeriod,
        quota: options.cpuQuota,
        burst: options.cpuBurst,
        shares: options.cpuShare,
        realtimePeriod: options.cpuRtPeriod,
        realtimeRuntime: options.cpuRtRuntime,
        idle: cpuIdle === undefined ? undefined : Number(cpuIdle),
      }),
    },
    ...(blkioWeight ? { blockIO: { weight: blkioWeight } } : {}),
    ...(pidsLimit === undefined ? {} : { pids: { limit: pidsLimit } }),
  };
}
