/** The state record of a container that is about to be made. */

import { OCI_VERSION } from "../oci/version.ts";
import { type CgroupDriver, STATE_VERSION, type StateRecord } from "../state/record.ts";
import type { Bundle } from "./bundle.ts";

export interface InitialFacts {
  driver: CgroupDriver;
  rootless: boolean;
  cgroupPaths: Record<string, string>;
}

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
        source: source ?? "",
        destination,
        device: type ?? "",
      })),
      namespaces: config.linux.namespaces.map(({ type, path }) => ({ type, path })),
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
    external_descriptors: ["/dev/null", "/dev/null", "/dev/null"],
    intel_rdt_path: "",
    bunc: {
      version: STATE_VERSION,
      ociVersion: OCI_VERSION,
      bundle: bundle.path,
      annotations: { ...config.annotations },
      creating: true,
      cgroupDriver: facts.driver,
      systemdUnit: "",
      systemdSlice: "",
    },
  };
}
