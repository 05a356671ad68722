/**
 * The planner: a resolved config, facts of the host and options of the command to a Plan (zig/plan.zig). Pure.
 * src/oci has decided what a config may say, so that everything here has an answer.
 *
 *   planCreate(config, host, options)           the container's init        (create, run)
 *   planExec(process, config, host, options)    a further process of it     (exec)
 *
 * Both return { plan, warnings }. The order of the steps is the order in which they work: what needs the
 * host's view comes before pivot_root, what needs privileges before the credentials, and what would be
 * refused by the seccomp filter before that.
 */

import type { HostFacts } from "../host/host.ts";
import type { Plan } from "../native/boundary.gen.ts";
import { limitsCpus } from "../oci/config.ts";
import { configError } from "../oci/issue.ts";
import type { ProcessConfig } from "../oci/process.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import {
  type CreateOptions,
  type ExecOptions,
  PlanContext,
  type Planned,
  type ProcessOptions,
} from "./context.ts";
import { planHookSet } from "./hooks.ts";
import { createNamespaces, deniesSetgroups, joinNamespaces } from "./namespaces.ts";
import { planCredentials, planKeyring, planLimits, planProcess } from "./process.ts";
import { planRestrictedPaths, planRootfs } from "./rootfs.ts";
import { cpuMask, planScheduling } from "./scheduling.ts";
import { planApparmor, planSeccomp, planSelinux } from "./security.ts";
import { planStdio } from "./stdio.ts";

export type { CompiledSeccomp, CreateOptions, ExecOptions, Planned } from "./context.ts";

/** runc's default if the config has none; umask(2). */
const DEFAULT_UMASK = 0o022;

/** The bits of its argument that umask(2) uses. */
const UMASK_BITS = 0o777;

/** The plan of a container's init. */
export function planCreate(config: ResolvedConfig, host: HostFacts, options: CreateOptions): Planned<Plan> {
  const { process } = config;
  if (process === undefined) {
    throw configError("config.json", [{ path: "process", found: "nothing", accepted: "an object" }]);
  }
  const context = new PlanContext(config, host);
  const namespaces = createNamespaces(context, options);

  for (const [name, device] of Object.entries(config.linux.netDevices ?? {})) {
    context.add("linux.netDevices", {
      network_device: { name, new_name: device.name === "" ? name : device.name },
    });
  }
  context.add("process", { every_cpu: {} });
  planKeyring(context, process, options);
  const network = config.linux.namespaces.get("network");
  if (network?.path === null) context.add(network.subject, { loopback_up: {} });
  planRootfs(context, options);
  if (context.has("mount") || process.user.umask !== undefined) {
    context.add("process.user.umask", {
      umask: { mask: (process.user.umask ?? DEFAULT_UMASK) & UMASK_BITS },
    });
  }
  if (config.hostname !== "") context.add("hostname", { hostname: { name: config.hostname } });
  if (config.domainname !== "") context.add("domainname", { domainname: { name: config.domainname } });
  planApparmor(context, process.apparmorProfile);
  for (const { path, value } of config.linux.sysctl) {
    context.add("linux.sysctl", { sysctl: { key: path, value } });
  }
  planRestrictedPaths(context);
  // bunc limits the cgroup at the first report. SCHED_DEADLINE and a cpuset exclude each other: it must be
  // there first, so that the policy is refused, not the cpuset.
  const reports = context.steps.some(({ op }) => "parent_hooks" in op);
  if (process.scheduler !== undefined && limitsCpus(config) && !reports) {
    context.add("process.scheduler", { parent_hooks: {} });
  }
  planPrivileges(context, process, options, { apparmor: false, setgroupsDenied: deniesSetgroups(context) });

  const startHooks = planHookSet(config, "startContainer", { ...options, status: "created" });
  return planned(context, process, options, {
    initial_cpus: [],
    namespaces,
    // An ordinary user has no rights that bunc-init does not have in its user namespace.
    parent_opens_sources: host.euid === 0 && context.has("user"),
    process: planProcess(process, options, {
      start: options.start,
      start_socket: options.startSocket,
      start_hooks: startHooks ?? null,
    }),
  });
}

/** `given` is the process to run; what it leaves out is taken from the container's own `process`. */
export function planExec(
  given: ProcessConfig,
  config: ResolvedConfig,
  host: HostFacts,
  options: ExecOptions,
): Planned<Plan> {
  const process = withContainerDefaults(given, config.process);
  const context = new PlanContext(config, host);

  const initialCpus = cpuMask(process.execCPUAffinity?.initial ?? "");
  const finalCpus = cpuMask(process.execCPUAffinity?.final ?? "");
  if (finalCpus.length > 0) {
    context.add("process.execCPUAffinity.final", { cpu_affinity: { mask: finalCpus } });
  } else if (initialCpus.length === 0) {
    context.add("process.execCPUAffinity", { every_cpu: {} });
  }
  planKeyring(context, process, options);
  if (process.terminal)
    context.add("process.terminal", {
      console: { bind: false, newline_to_crlf: !options.foreground },
    });
  if (process.user.umask !== undefined) {
    context.add("process.user.umask", { umask: { mask: process.user.umask & UMASK_BITS } });
  }
  planPrivileges(context, process, options, { apparmor: true, setgroupsDenied: options.setgroupsDenied });

  return planned(context, process, options, {
    initial_cpus: initialCpus,
    namespaces: joinNamespaces(options.init),
    parent_opens_sources: false,
    process: planProcess(process, options, { start: "immediately", start_socket: "", start_hooks: null }),
  });
}

/** The plan with the steps of the context, and what the plans of all processes have. */
function planned(
  { steps, warnings, host }: PlanContext,
  given: ProcessConfig,
  options: ProcessOptions,
  own: Pick<Plan, "initial_cpus" | "namespaces" | "parent_opens_sources" | "process">,
): Planned<Plan> {
  const { id, placement, trace } = options;
  const { initial_cpus, namespaces, parent_opens_sources, process } = own;
  const limits = planLimits(given, host, options.inheritedNoFile);
  const stdio = planStdio(given, host, options);
  return {
    plan: {
      id,
      placement,
      initial_cpus,
      namespaces,
      limits,
      stdio,
      parent_opens_sources,
      trace,
      steps,
      process,
    },
    warnings,
  };
}

/**
 * The steps that drop privileges. Without no_new_privs a filter needs CAP_SYS_ADMIN and is loaded before the
 * credentials; with it the filter comes last, so that the fewest system calls of ours pass it. `apparmor`:
 * name the profile here (`exec`); an init names it while it still has the mounts to check.
 */
function planPrivileges(
  context: PlanContext,
  process: ProcessConfig,
  options: ProcessOptions,
  { apparmor, setgroupsDenied }: { apparmor: boolean; setgroupsDenied: boolean },
): void {
  if (process.noNewPrivileges) context.add("process.noNewPrivileges", { no_new_privs: {} });
  planScheduling(context, process);
  planSelinux(context, process.selinuxLabel);
  if (!process.noNewPrivileges) planSeccomp(context, options.seccomp);
  planCredentials(context, process, setgroupsDenied);
  if (apparmor) planApparmor(context, process.apparmorProfile);
  if (process.noNewPrivileges) planSeccomp(context, options.seccomp);
}

/** What `exec` takes from the container's process if its own does not say. */
function withContainerDefaults(given: ProcessConfig, container: ProcessConfig | undefined): ProcessConfig {
  if (container === undefined) return given;
  // Of the members that may be missing, all but the size of a terminal.
  const { consoleSize: _, ...inherited } = container;
  const umask = given.user.umask ?? container.user.umask;
  return {
    ...inherited,
    ...given,
    rlimits: given.rlimits.length > 0 ? given.rlimits : container.rlimits,
    apparmorProfile: given.apparmorProfile || container.apparmorProfile,
    selinuxLabel: given.selinuxLabel || container.selinuxLabel,
    user: umask === undefined ? given.user : { ...given.user, umask },
  };
}
