/** `explain`: every kernel operation that `create` would do, in order, without doing any. */

import type { DriverOptions } from "../cgroup/manager.ts";
import { cgroupPaths } from "../cgroup/paths.ts";
import { readBundle } from "../container/bundle.ts";
import { driverOptions } from "../container/cgroups.ts";
import { rootOf } from "../container/container.ts";
import { inheritedNoFile } from "../container/inherited.ts";
import { rootlessCgroups } from "../container/rootless.ts";
import { compileSeccomp, seccompProfile } from "../container/seccomp.ts";
import { type CgroupOutline, outlineCgroups } from "../explain/cgroups.ts";
import { explainCreate } from "../explain/explain.ts";
import type { Operation } from "../explain/operation.ts";
import { outlineRdt } from "../explain/rdt.ts";
import { seccompText } from "../explain/seccomp.ts";
import { explainText } from "../explain/text.ts";
import { failureMessage, RuntimeError } from "../failure/errors.ts";
import type { Warning } from "../failure/warning.ts";
import { currentHost } from "../host/current.ts";
import type { Plan } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { stringifyJson } from "../oci/json.ts";
import { planCreate } from "../plan/plan.ts";
import { wantsSeccomp } from "../plan/security.ts";
import { StateDirectory } from "../state/store.ts";
import type { SyscallQuery } from "../verbs/explain.ts";
import type { CommandContext, Handler, VerbOptions } from "../verbs/verbs.ts";

export const run: Handler<"explain"> = (options, [id], context) => {
  if (options.seccomp !== undefined) {
    explainSeccomp(options.seccomp, options, context);
    return 0;
  }
  const explanation = explain(options, id, context);
  if (options.json) console.log(stringifyJson(explanation, 2));
  else console.log(explainText(explanation));
  return 0;
};

interface Explanation {
  plan: Plan;
  operations: Operation[];
  /** What create would refuse. */
  problems: string[];
  warnings: Warning[];
}

function explain(
  options: VerbOptions<"explain">,
  givenId: string | undefined,
  context: CommandContext,
): Explanation {
  const host = currentHost();
  const rootless = rootlessCgroups(context.rootless, host);
  const noPivot = options.pivot === false;
  const bundle = readBundle(options.bundle, host, { noPivot, rootlessCgroups: rootless });
  const { config } = bundle;
  const id = givenId ?? (bundle.path.slice(bundle.path.lastIndexOf("/") + 1) || "container");
  const problems: string[] = [];
  const seccomp = compileSeccomp(config.linux.seccomp, context.log);
  const outline = outlineOrProblem(problems, driverOptions(id, config, context.driver, rootless));
  const cgroups = outlineRdt(outline, config.linux.intelRdt, host.resctrl, id);
  const root = rootOf(context);
  const { plan, warnings } = planCreate(config, host, {
    id,
    bundle: bundle.path,
    placement: cgroups.placement,
    cgroupDirectories: new Map(Object.entries(cgroupPaths(cgroups.locations))),
    preserveFds: options.preserveFds,
    listenFds: 0,
    inheritedNoFile: inheritedNoFile(),
    trace: false,
    noNewKeyring: options.newKeyring === false,
    foreground: false,
    noPivot,
    seccomp,
    start: "socket",
    startSocket: new StateDirectory(root, id).startSocket,
    newuidmap: host.newuidmap,
    newgidmap: host.newgidmap,
  });
  return {
    plan,
    operations: explainCreate({ config, plan, cgroups, root }),
    problems,
    warnings: [...bundle.warnings, ...warnings],
  };
}

/** If the cgroups cannot be worked out, the rest is still shown. */
function outlineOrProblem(problems: string[], options: DriverOptions): CgroupOutline {
  try {
    return outlineCgroups(options);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    problems.push(failureMessage(error));
    return outlineCgroups({ ...options, driver: "disabled" });
  }
}

/** The architecture of this machine, as the specification names it. */
const ARCHITECTURE = process.arch === "arm64" ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";

function explainSeccomp(query: SyscallQuery, options: VerbOptions<"explain">, context: CommandContext): void {
  const host = currentHost();
  const { config } = readBundle(options.bundle, host, {
    noPivot: false,
    rootlessCgroups: rootlessCgroups(context.rootless, host),
  });
  const { seccomp } = config.linux;
  if (!wantsSeccomp(seccomp)) {
    throw new RuntimeError("the configuration has no seccomp profile: every system call is allowed", {
      subject: "linux.seccomp",
    });
  }
  const profile = seccompProfile(seccomp);
  const reply = native("seccomp_explain", {
    profile,
    architecture: ARCHITECTURE,
    syscalls: query.names,
    arguments: (query.arguments ?? []).map(String),
  });
  const [missing] = reply.not_found;
  if (missing !== undefined) {
    throw new RuntimeError(`there is no system call ${missing} on ${ARCHITECTURE}`, { path: missing });
  }
  if (options.json) console.log(stringifyJson(reply, 2));
  else console.log(seccompText(reply, profile, query.arguments !== undefined));
}
