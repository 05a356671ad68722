/** Everything that `create` does, and `start` after it, in order, from what `create` would be given. Pure. */

import { CLONE, type Plan } from "../native/boundary.gen.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import { planHooks, type RuntimeHookKind } from "../plan/hooks.ts";
import type { CgroupOutline, CgroupStep } from "./cgroups.ts";
import { makeIdMap } from "./mounts.ts";
import { cloneFlags, idMapText, octal, resourceName } from "./names.ts";
import { type Actor, at, type Operation, type Phase, type Step, step } from "./operation.ts";
import { explainStep, giveStreams, hookSteps, type StepContext } from "./steps.ts";

export interface Explained {
  config: ResolvedConfig;
  plan: Plan;
  cgroups: CgroupOutline;
  /** Absolute path of the state directory's parent, and its mode. */
  root: { path: string; sticky: boolean };
}

export function explainCreate(explained: Explained): Operation[] {
  const list = new OperationList();
  const { plan, cgroups, config } = explained;
  explainState(list, explained);
  list.cgroup(cgroups.before);
  const isDirect = explainSpawn(list, plan, cgroups);
  const isHeld = cgroups.placed.length > 0;
  if (isDirect && !isHeld) explainProcessLimits(list, plan);
  // What bunc does while bunc-init works; for systemd it waits until then.
  list.cgroup(cgroups.devices);
  list.add("create", "bunc", "", [
    ...writeFile(`${stateDirectory(explained)}/config.json`),
    ...writeFile(`${stateDirectory(explained)}/state.json`),
  ]);
  if (isDirect && isHeld) explainProcessLimits(list, plan);
  if (!isDirect) explainJoin(list, plan);
  explainInit(list, explained);
  const listener = seccompListener(plan);
  if (listener !== undefined) {
    list.add("create", "bunc-init", "linux.seccomp", [
      step("clone3", "a helper process", "CLONE_FILES: sends the listener"),
      step("seccomp", "SECCOMP_SET_MODE_FILTER", "with SECCOMP_FILTER_FLAG_NEW_LISTENER"),
    ]);
    list.add("create", "bunc", "linux.seccomp.listenerPath", [
      step("sendmsg", listener, "the listener and the container process state"),
    ]);
  }
  list.add("create", "bunc-init", "", [step("sendmsg", "bunc", "ready")]);
  if (!hasParentHooks(plan)) list.cgroup(cgroups.limits);
  list.add("create", "bunc", "", writeFile(`${stateDirectory(explained)}/state.json`));
  explainStart(list, explained, listener !== undefined);
  for (const [subject, steps] of hooksBySubject(config, "poststart"))
    list.add("start", "bunc", subject, steps);
  return list.operations;
}

class OperationList {
  readonly operations: Operation[] = [];

  add(phase: Phase, by: Actor, subject: string, steps: readonly Step[]): void {
    for (const operation of at(phase, by, subject, steps)) this.operations.push(operation);
  }

  cgroup(operations: readonly CgroupStep[], by: Actor = "bunc"): void {
    for (const { op, target, value, subject } of operations) {
      // No operation, but it must not go unsaid.
      const call = op === "ignore" ? "(ignored)" : op;
      this.add("create", by, subject, [step(call, target, value)]);
    }
  }
}

const stateDirectory = ({ root, plan }: Explained) => `${root.path}/${plan.id}`;

function writeFile(path: string): Step[] {
  return [step("openat", path, "O_CREAT|O_EXCL 0600, beside it"), step("renameat", path)];
}

function explainState(list: OperationList, explained: Explained): void {
  const directory = stateDirectory(explained);
  const { root } = explained;
  list.add("create", "bunc", "", [
    step("mkdirat", root.path, root.sticky ? "01700" : "0711", "it is missing"),
    step("mkdirat", directory, "0711"),
    step("flock", directory, "LOCK_EX"),
    ...writeFile(`${directory}/state.json`),
  ]);
}

/** True: clone3(2) makes the namespaces, and there is no stage 1 (zig/parent/spawn.zig, is_direct). */
function explainSpawn(list: OperationList, plan: Plan, cgroups: CgroupOutline): boolean {
  const { namespaces, placement } = plan;
  const isDirect =
    namespaces.join.length === 0 &&
    namespaces.join_process === null &&
    (namespaces.create & (CLONE.NEWUSER | CLONE.NEWTIME)) === 0;
  list.add("create", "bunc", "", [
    step("socketpair", "", "AF_UNIX SOCK_SEQPACKET: the channel to bunc-init"),
    step("memfd_create", "bunc-plan", "sealed"),
    ...(plan.process.start === "socket"
      ? [step("bind", plan.process.start_socket, "AF_UNIX SOCK_SEQPACKET: start connects to it")]
      : []),
    step("memfd_create", "bunc-init", "sealed"),
  ]);
  const made = isDirect ? namespaces.create & ~CLONE.NEWCGROUP : 0;
  const flags = [
    "CLONE_VM|CLONE_VFORK|CLONE_PIDFD",
    cloneFlags(made),
    placement.into === null ? "" : "CLONE_INTO_CGROUP",
  ];
  list.add("create", "bunc", "linux.namespaces", [
    step("clone3", placement.into ?? "", flags.filter((flag) => flag !== "").join("|")),
  ]);
  const first = isDirect ? "bunc-init" : "bunc-init, stage 1";
  list.add("create", first, "", [
    step("execveat", "bunc-init", isDirect ? "init" : "join"),
    step("prctl", "PR_SET_DUMPABLE", "0"),
    step("umask", "0000"),
    step("rt_sigaction", "every signal", "SIG_DFL"),
    step("close_range", `${3 + plan.stdio.preserve_fds} and up`, "but its own"),
  ]);
  list.cgroup(cgroups.entered, first);
  list.cgroup(cgroups.placed);
  return isDirect;
}

function explainProcessLimits(list: OperationList, { limits, stdio }: Plan): void {
  if (!stdio.terminal) {
    list.add("create", "bunc", "process.user", giveStreams(stdio, "it is a pipe of another owner"));
  }
  if (limits.oom_score_adj !== null) {
    const { value, best_effort } = limits.oom_score_adj;
    list.add("create", "bunc", "process.oomScoreAdj", [
      step("write", "/proc/PID/oom_score_adj", `${value}${best_effort ? "; a refusal is no error" : ""}`),
    ]);
  }
  for (const { resource, soft, hard, best_effort, subject } of limits.rlimits) {
    const refusal = best_effort ? "; a refusal is no error" : "";
    list.add("create", "bunc", subject, [
      step("prlimit", resourceName(resource), `soft ${soft}, hard ${hard}${refusal}`),
    ]);
  }
}

/** Stage 1: zig/init/join.zig. */
function explainJoin(list: OperationList, plan: Plan): void {
  const { namespaces } = plan;
  const stage1 = (subject: string, steps: readonly Step[]) =>
    list.add("create", "bunc-init, stage 1", subject, steps);
  for (const { path, subject } of namespaces.join) stage1(subject, [step("open", path)]);
  if (plan.parent_opens_sources) explainIdMaps(list, plan);
  const order = [...namespaces.join].sort(
    (a, b) => Number(a.type === CLONE.NEWUSER) - Number(b.type === CLONE.NEWUSER),
  );
  for (const { type, path, subject } of order) {
    stage1(subject, [step("setns", path, cloneFlags(type)), ...(type === CLONE.NEWUSER ? becomeRoot() : [])]);
  }
  if ((namespaces.create & CLONE.NEWUSER) !== 0) {
    stage1("linux.namespaces", [step("unshare", "", "CLONE_NEWUSER")]);
    if (namespaces.deny_setgroups) {
      list.add("create", "bunc", "linux.gidMappings", [step("write", "/proc/PID/setgroups", "deny")]);
    }
    explainIdMap(list, "uid", namespaces.uid_map, namespaces.newuidmap);
    explainIdMap(list, "gid", namespaces.gid_map, namespaces.newgidmap);
    stage1("linux.namespaces", becomeRoot());
    if (namespaces.execute_again) stage1("linux.namespaces", [step("execveat", "bunc-init", "mapped")]);
  }
  const others = namespaces.create & ~(CLONE.NEWUSER | CLONE.NEWPID | CLONE.NEWCGROUP);
  if (others !== 0) stage1("linux.namespaces", [step("unshare", "", cloneFlags(others))]);
  for (const { clock, seconds, nanoseconds } of namespaces.time_offsets) {
    stage1("linux.timeOffsets", [
      step("write", "/proc/self/timens_offsets", `${clock} ${seconds} ${nanoseconds}`),
    ]);
  }
  const flags = ["CLONE_PARENT", cloneFlags(namespaces.create & CLONE.NEWPID)].filter((flag) => flag !== "");
  stage1("linux.namespaces", [step("clone3", "bunc-init", flags.join("|"))]);
  explainProcessLimits(list, plan);
}

/** Of binds, while it has the host's rights. */
function explainIdMaps(list: OperationList, plan: Plan): void {
  for (const { subject, op } of plan.steps) {
    if (!("mount" in op) || !("bind" in op.mount.source)) continue;
    const { id_map } = op.mount;
    if (id_map === null || id_map.container_userns) continue;
    list.add("create", "bunc-init, stage 1", subject, makeIdMap(id_map));
  }
}

const becomeRoot = (): Step[] => [step("setresgid", "0"), step("setresuid", "0")];

function explainIdMap(
  list: OperationList,
  kind: "uid" | "gid",
  map: Plan["namespaces"]["uid_map"],
  helper: string | null,
): void {
  if (map.length === 0) return;
  const how =
    helper === null
      ? step("write", `/proc/PID/${kind}_map`, idMapText(map))
      : step("hook", helper, idMapText(map));
  list.add("create", "bunc", `linux.${kind}Mappings`, [how]);
}

function explainInit(list: OperationList, { plan, config, cgroups }: Explained): void {
  const init = (subject: string, steps: readonly Step[]) => list.add("create", "bunc-init", subject, steps);
  init("", [step("setsid")]);
  if ((plan.namespaces.create & CLONE.NEWCGROUP) !== 0) {
    init("linux.namespaces", [
      step("unshare", "", "CLONE_NEWCGROUP: its root is the cgroup it is in by now"),
    ]);
  }
  const firstMasked = plan.steps.findIndex(({ op }) => "masked_path" in op);
  for (const [index, { subject, op }] of plan.steps.entries()) {
    const context: StepContext = {
      plan,
      firstMasked: index === firstMasked,
    };
    init(subject, explainStep(op, context));
    if (!("parent_hooks" in op)) continue;
    // The file systems stand: from here on the container is limited, and so are its hooks.
    list.cgroup(cgroups.limits);
    for (const kind of ["prestart", "createRuntime"] as const) {
      for (const [hook, steps] of hooksBySubject(config, kind)) list.add("create", "bunc", hook, steps);
    }
  }
  const [program = ""] = plan.process.args;
  init("process.args", [
    step("getcwd", "", "it must be inside of the container"),
    step(
      "openat2",
      program,
      program.includes("/") ? "must be a file that may be executed" : "searched in PATH of process.env",
    ),
  ]);
}

const hasParentHooks = ({ steps }: Plan) => steps.some(({ op }) => "parent_hooks" in op);

function hooksBySubject(config: ResolvedConfig, kind: RuntimeHookKind): [subject: string, steps: Step[]][] {
  return planHooks(config, kind).map((hook) => [hook.subject, hookSteps({ hooks: [hook] })]);
}

function seccompOf({ steps }: Plan) {
  for (const { op, subject } of steps) if ("seccomp" in op) return { subject, ...op.seccomp };
  return undefined;
}

function seccompListener(plan: Plan): string | undefined {
  return seccompOf(plan)?.listener_path ?? undefined;
}

/** From the word to start to the user's program: zig/init/start.zig and exec.zig. */
function explainStart(list: OperationList, { plan }: Explained, filtered: boolean): void {
  const { process } = plan;
  const init = (subject: string, steps: readonly Step[]) => list.add("start", "bunc-init", subject, steps);
  list.add("start", "bunc", "", [
    step("connect", process.start_socket),
    step("unlink", process.start_socket),
  ]);
  init("", [step("accept4", process.start_socket)]);
  const filter = filtered ? undefined : seccompOf(plan);
  const install = () => {
    if (filter !== undefined)
      init(filter.subject, [step("seccomp", "SECCOMP_SET_MODE_FILTER", `flags ${filter.flags}`)]);
  };
  if (process.start_hooks !== null) {
    install();
    for (const hook of process.start_hooks.hooks) init(hook.subject, hookSteps({ hooks: [hook] }));
  }
  const umask = umaskOf(plan);
  init("", [step("close_range", `${3 + plan.stdio.preserve_fds} and up`)]);
  init(umask.subject, [step("umask", umask.mask)]);
  init("", [step("rt_sigprocmask", "no signal is blocked")]);
  if (process.start_hooks === null) install();
  init("process.args", [step("execve", process.args.join(" "))]);
}

/** bunc-init keeps 0 for itself; a plan without the step leaves the process the umask of the caller. */
function umaskOf({ steps }: Plan): { subject: string; mask: string } {
  for (const { op, subject } of steps) if ("umask" in op) return { subject, mask: octal(op.umask.mask) };
  return { subject: "", mask: "that of the caller of create" };
}
