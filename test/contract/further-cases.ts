/** Plans for a running container: another process, mounts added and removed. Golden files as in cases.ts. */

import { hostFacts } from "../../src/host/host.ts";
import type { Plan } from "../../src/native/boundary.gen.ts";
import { stringifyJson } from "../../src/oci/json.ts";
import type { MountConfig } from "../../src/oci/mounts.ts";
import { type ResolvedConfig, resolveConfig } from "../../src/oci/resolved/config.ts";
import { loadConfig } from "../../src/oci/validate.ts";
import { planMountsAdded, planMountsRemoved } from "../../src/plan/hot-mounts.ts";
import { type ExecOptions, type Planned, planExec } from "../../src/plan/plan.ts";
import { smallConfig } from "./cases.ts";
import { createOptions } from "./create-options.ts";
import { v2 } from "./hosts.ts";

interface FurtherCase {
  name: string;
  plan: () => Planned<Plan>;
}

// biome-ignore lint/suspicious/noExplicitAny: an unchecked config
type Raw = any;

const host = hostFacts(v2);
const init = { pid: 42, startTime: 4711 };
const maps = {
  uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
  gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
};

function resolved(config: Raw): ResolvedConfig {
  const facts = { host, bundle: "/bundle", noPivot: false, rootlessCgroups: false };
  return resolveConfig(loadConfig(stringifyJson({ ...smallConfig(), ...config }), facts).value, "/bundle");
}

function exec(process: Raw, options: Partial<ExecOptions> = {}) {
  return () => {
    const config = resolved({ process: { ...smallConfig().process, ...process } });
    if (config.process === undefined) throw new Error("no process");
    const chosen = { ...createOptions, init, setgroupsDenied: false, ...options };
    return planExec(config.process, config, host, chosen);
  };
}

function mounts(change: "add" | "remove", ...raw: Raw[]) {
  return () => {
    const config = resolved({ mounts: raw as MountConfig[] });
    const options = { id: "c1", init, bundle: "/bundle", trace: false, cgroupDirectories: new Map() };
    const plan =
      change === "add" ? planMountsAdded(config, host, options) : planMountsRemoved(config, options);
    return { plan, warnings: [] };
  };
}

const bind = { destination: "/b", source: "/srv", options: ["rbind", "ro"] };
const tmpfs = { destination: "/t", type: "tmpfs", source: "tmpfs", options: ["size=64k"] };

export const furtherCases: readonly FurtherCase[] = [
  { name: "exec", plan: exec({}) },
  {
    name: "exec-as-user",
    plan: exec({
      user: { uid: 1000, gid: 1000, additionalGids: [5], umask: 0o077 },
      cwd: "/home",
      capabilities: { bounding: ["CAP_CHOWN"], effective: [], permitted: [], inheritable: [], ambient: [] },
      noNewPrivileges: true,
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 10, hard: 20 }],
    }),
  },
  { name: "exec-terminal", plan: exec({ terminal: true }) },
  {
    name: "exec-placed",
    plan: exec({}, { placement: { into: "/sys/fs/cgroup/c1", tasks: ["/sys/fs/cgroup/systemd/c1/tasks"] } }),
  },
  { name: "mounts-add", plan: mounts("add", bind, tmpfs) },
  { name: "mounts-add-id-mapped", plan: mounts("add", { ...bind, ...maps }) },
  { name: "mounts-remove", plan: mounts("remove", bind, tmpfs) },
];
