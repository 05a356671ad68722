/** The state record of a container that is about to be made. */

import type { CgroupDriver } from "../cgroup/manager.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import { STATE_VERSION, type StateRecord } from "../state/record.ts";
import { OCI_VERSION } from "../version.ts";
import type { Bundle } from "./bundle.ts";

interface InitialFacts {
  driver: CgroupDriver;
  rootless: boolean;
  cgroupPaths: Record<string, string>;
  /** Of the process that creates the container. */
  creator: { pid: number; startTime: number };
  /** HostFacts.streams */
  streams: readonly string[];
}

/** The standard streams of the container's process, as its /proc/self/fd names them. */
function standardStreams({ process }: ResolvedConfig, { streams }: InitialFacts): string[] {
  return process?.terminal ? ["/dev/pts/0", "/dev/pts/0", "/dev/pts/0"] : [...streams];
}

/** `creating` is set, and there is no process yet. */
export function initialRecord(id: string, bundle: Bundle, facts: InitialFacts): StateRecord {
  const { config } = bundle;
  return {
    id,
    init_process_pid: 0,
    init_process_start: 0,
    created: new Date().toISOString(),
    config: {
      rootfs: bundle.rootfs,
      hostname: config.hostname,
      labels: [
        ...Object.entries(config.annotations).map(([name, value]) => `${name}=${value}`),
        `bundle=${bundle.path}`,
      ],
      mounts: config.mounts.map(({ source, destination, type }) => ({
        source,
        destination,
        device: type,
      })),
      namespaces: [...config.linux.namespaces].map(([type, { path }]) => ({ type, path: path ?? "" })),
      cgroups: {
        name: id,
        path: config.linux.cgroupsPath ?? "",
        systemd: facts.driver === "systemd",
        rootless: facts.rootless,
      },
    },
    rootless: facts.rootless,
    cgroup_paths: facts.cgroupPaths,
    namespace_paths: {},
    external_descriptors: standardStreams(config, facts),
    intel_rdt_path: "",
    bunc: {
      version: STATE_VERSION,
      ociVersion: OCI_VERSION,
      bundle: bundle.path,
      annotations: { ...config.annotations },
      creating: true,
      creator: facts.creator,
      cgroupDriver: facts.driver,
      systemdUnit: "",
      systemdSlice: "",
    },
  };
}

/** The namespaces of a process, for its record. runc's keys: the names of the CLONE_ flags. */
export function namespacePaths(pid: number, config: ResolvedConfig): Record<string, string> {
  const paths: Record<string, string> = {};
  for (const [type, { path }] of config.linux.namespaces) {
    const [key, file] = NAMESPACE_FILES[type];
    paths[key] = path ?? `/proc/${pid}/ns/${file}`;
  }
  return paths;
}

const NAMESPACE_FILES = {
  pid: ["NEWPID", "pid"],
  network: ["NEWNET", "net"],
  mount: ["NEWNS", "mnt"],
  ipc: ["NEWIPC", "ipc"],
  uts: ["NEWUTS", "uts"],
  user: ["NEWUSER", "user"],
  cgroup: ["NEWCGROUP", "cgroup"],
  time: ["NEWTIME", "time"],
} as const;
