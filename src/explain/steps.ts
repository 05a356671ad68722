/** Every step of a plan as the system calls that bunc-init makes for it: zig/init/steps.zig. Pure. */

import { type Hook, type HookSet, MS, type Op, type Plan, type Stdio } from "../native/boundary.gen.ts";
import { explainMount, explainRemount, openSource } from "./mounts.ts";
import { bitList, capabilityList, octal, propagationName } from "./names.ts";
import { type Step, step } from "./operation.ts";

/** What one step needs to know of the others. */
export interface StepContext {
  plan: Plan;
  /** The first path that is masked prepares what covers all of them. */
  firstMasked: boolean;
}

type Kind = Op extends infer Each ? (Each extends object ? keyof Each : never) : never;
type ArgumentOf<Name extends Kind> = Extract<Op, Record<Name, unknown>>[Name];
type Explainers = { readonly [Name in Kind]: (op: ArgumentOf<Name>, context: StepContext) => Step[] };

export function explainStep(op: Op, context: StepContext): Step[] {
  const [kind] = Object.keys(op) as [Kind];
  // The union has one member a kind, so the explainer found by its name takes what stands under it.
  const explain = explainers[kind] as (argument: unknown, context: StepContext) => Step[];
  return explain((op as Record<string, unknown>)[kind], context);
}

const IN_ROOT = "RESOLVE_IN_ROOT";

const explainers: Explainers = {
  loopback_up: () => [step("socket", "", "AF_UNIX"), step("ioctl", "lo", "SIOCSIFFLAGS IFF_UP")],
  network_device: ({ name, new_name }) => [
    step(
      "rtnetlink",
      name,
      `bunc moves it into the network namespace${name === new_name ? "" : ` as ${new_name}`}`,
    ),
    step("rtnetlink", new_name, "its addresses, up"),
  ],
  session_keyring: ({ name, label }, { plan }) => [
    ...(label === "" ? [] : [...privateProcfs(), step("write", "thread-self/attr/keycreate", label)]),
    step("keyctl", name, "KEYCTL_JOIN_SESSION_KEYRING"),
    ...(plan.process.start === "immediately"
      ? []
      : [step("keyctl", name, "KEYCTL_DESCRIBE"), step("keyctl", name, "KEYCTL_SETPERM: search for exec")]),
    ...(label === "" ? [] : [step("write", "thread-self/attr/keycreate", "none")]),
  ],
  root_propagation: ({ flags, recursive }) => [
    step(
      "mount_setattr",
      "/",
      `${propagationName(flags)}${recursive ? "|AT_RECURSIVE" : ""}: the copy of the host's mounts`,
    ),
  ],
  bind_root: ({ path, bind }, { plan }) => [
    step("openat", path, "O_PATH|O_DIRECTORY"),
    ...(bind ? parentPropagation(plan, path) : []),
    ...(bind
      ? [
          ...openSource(path, true, false),
          step("mount_setattr", path, "MS_PRIVATE: the copy"),
          step("move_mount", path, "on itself"),
        ]
      : []),
  ],
  mount: (mount, { plan }) => explainMount(mount, plan.parent_opens_sources),
  remount: (remount) => explainRemount(remount),
  unmount: ({ path }) => [
    step("openat2", path, `${IN_ROOT}|RESOLVE_NO_SYMLINKS: the directory that holds it`),
    step("fchdir", path, "the directory that holds it"),
    step("umount2", path, "MNT_DETACH"),
  ],
  device: ({ path, kind, major, minor, mode, uid, gid, bind }, { plan }) =>
    bind
      ? [
          ...openSource(path, false, plan.parent_opens_sources),
          step("mknodat", path, "an empty file to mount on", "nothing is there"),
          step("move_mount", path, "the host's node"),
        ]
      : [
          step(
            "mknodat",
            path,
            kind === "fifo" ? `fifo ${octal(mode)}` : `${kind} ${major}:${minor} ${octal(mode)}`,
            "nothing is there",
          ),
          step("fchownat", path, `${uid}:${gid}`, "it was made"),
        ],
  symlink: ({ target, path, replace }) => [
    step("symlinkat", path, `→ ${target}${replace ? "; replaces what is there" : ""}`),
  ],
  parent_hooks: () => [step("sendmsg", "bunc", "ready for the runtime's hooks; waits")],
  hooks: (set) => hookSteps(set),
  pivot_root: (_, context) => [
    ...beforeRootChanges(context),
    step("openat", "/", "O_PATH: the host's root"),
    step("fchdir", "root"),
    step("pivot_root", ".", "."),
    step("mount_setattr", "the host's root", "MS_SLAVE|AT_RECURSIVE"),
    step("umount2", ".", "MNT_DETACH: the host's root"),
  ],
  move_root: (_, context) => [
    ...beforeRootChanges(context),
    step("umount2", "every procfs and sysfs of the host", "MNT_DETACH"),
    step("fchdir", "root"),
    step("mount", "/", "MS_MOVE"),
    step("chroot", "."),
    step("chdir", "/"),
  ],
  change_root: (_, context) => [
    ...beforeRootChanges(context),
    step("fchdir", "root"),
    step("chroot", "."),
    step("chdir", "/"),
  ],
  console: ({ bind }, { plan: { stdio } }) => [
    step("openat2", "/dev/pts/ptmx", `${IN_ROOT}|RESOLVE_NO_SYMLINKS; O_RDWR: the master`),
    step("ioctl", "master", "TIOCSPTLCK, TIOCGPTPEER: the slave"),
    ...(stdio.rows !== 0 && stdio.columns !== 0
      ? [step("ioctl", "master", `TIOCSWINSZ ${stdio.columns}×${stdio.rows}`)]
      : []),
    ...(bind
      ? [
          step("openat2", "/dev/console", `${IN_ROOT}|RESOLVE_NO_SYMLINKS; O_CREAT`),
          step("open_tree", "slave", "OPEN_TREE_CLONE"),
          step("move_mount", "/dev/console"),
        ]
      : []),
    step("sendmsg", "bunc", "the master, for --console-socket"),
    step("dup3", "0, 1, 2", "the slave"),
    step("ioctl", "0", "TIOCSCTTY"),
  ],
  final_propagation: ({ flags, recursive }) => [
    step(
      "mount_setattr",
      "/",
      `${propagationName(flags)}${recursive ? "|AT_RECURSIVE" : ""}: the container's root`,
    ),
  ],
  hostname: ({ name }) => [step("sethostname", name)],
  domainname: ({ name }) => [step("setdomainname", name)],
  sysctl: ({ key, value }) => [step("write", `/proc/sys/${key}`, value)],
  readonly_path: ({ path }) => [
    step("openat2", path, IN_ROOT),
    step("open_tree", path, "OPEN_TREE_CLONE|AT_RECURSIVE", "it is there"),
    step("mount_setattr", path, "set MOUNT_ATTR_RDONLY", "it is there"),
    step("move_mount", path, "on itself", "it is there"),
  ],
  masked_path: ({ path }, { firstMasked }) => [
    step("openat2", path, IN_ROOT),
    ...(firstMasked ? emptyDirectory("some masked path is a directory: once, for all") : []),
    step("open_tree", path, "OPEN_TREE_CLONE of the cover", "a path of its kind was covered before"),
    step(
      "move_mount",
      path,
      "the null device over a file, the empty directory over a directory",
      "it is there",
    ),
  ],
  // Remembered only: set just before execve, and for hooks (explain.ts).
  umask: () => [],
  no_new_privs: () => [step("prctl", "PR_SET_NO_NEW_PRIVS", "1")],
  cpu_affinity: ({ mask }) => [step("sched_setaffinity", bitList(mask))],
  every_cpu: () => [step("sched_setaffinity", "every CPU", "that the cgroup allows")],
  scheduler: ({ policy, flags, nice, priority, runtime_ns, deadline_ns, period_ns }) => [
    step(
      "sched_setattr",
      `policy ${policy}`,
      `flags ${flags}, nice ${nice}, priority ${priority}, runtime ${runtime_ns} ns, deadline ${deadline_ns} ns, period ${period_ns} ns`,
    ),
  ],
  io_priority: ({ value }) => [step("ioprio_set", `class ${value >> 13}`, `level ${value & 0x1fff}`)],
  memory_policy: ({ mode, flags, nodes }) => [
    step("set_mempolicy", `mode ${mode}`, `flags ${flags}, nodes ${bitList(nodes) || "none"}`),
  ],
  personality: ({ persona }) => [step("personality", String(persona))],
  apparmor_exec: ({ label }) => [step("write", "thread-self/attr/apparmor/exec", `exec ${label}`)],
  selinux_exec: ({ label }) => [step("write", "thread-self/attr/exec", label)],
  seccomp: ({ program }) => [
    step(
      "prctl",
      "PR_GET_NO_NEW_PRIVS",
      `filter of ${instructionCount(program)} instructions: kept for later`,
    ),
  ],
  capability_bounding: ({ set }) => [step("prctl", "PR_CAPBSET_DROP", `all but ${capabilityList(set)}`)],
  user: ({ uid, gid, additional_gids, keep_groups }, { plan: { stdio } }) => [
    ...giveStreams(stdio, "it is a pipe that bunc could not give it"),
    step("prctl", "PR_SET_KEEPCAPS", "1"),
    ...(keep_groups ? [] : [step("setgroups", additional_gids.join(" ") || "none")]),
    step("setresgid", String(gid)),
    step("setresuid", String(uid)),
    step("prctl", "PR_SET_DUMPABLE", "0"),
    step("prctl", "PR_SET_KEEPCAPS", "0"),
  ],
  capabilities: ({ effective, permitted, inheritable, ambient }) => [
    step(
      "capset",
      "",
      [
        `effective ${capabilityList(effective)}`,
        ...(permitted === effective ? [] : [`permitted ${capabilityList(permitted)}`]),
        `inheritable ${capabilityList(inheritable)}`,
      ].join(", "),
    ),
    step("prctl", "PR_CAP_AMBIENT_CLEAR_ALL"),
    ...(BigInt(ambient) === 0n ? [] : [step("prctl", "PR_CAP_AMBIENT_RAISE", capabilityList(ambient))]),
  ],
  working_directory: ({ path, create }) => [
    ...(create ? [step("openat2", path, `${IN_ROOT}; made (mkdirat 0755) where it is missing`)] : []),
    step("openat2", path, `${IN_ROOT}|RESOLVE_NO_MAGICLINKS`),
    step("fchdir", path),
    step("getcwd", "", "it must be inside of the container"),
  ],
};

/** pivot_root(2) refuses a new root below a shared mount, and the bind would appear on the host. */
function parentPropagation({ steps }: Plan, path: string): Step[] {
  const inherited = steps.find(({ op }) => "root_propagation" in op)?.op;
  let flag: number = MS.PRIVATE;
  if (inherited !== undefined && "root_propagation" in inherited) {
    const { flags, recursive } = inherited.root_propagation;
    if (recursive && flags !== MS.SHARED) return [];
    if (flags === MS.SLAVE) flag = MS.SLAVE;
  }
  return [step("mount_setattr", `the mount that holds ${path}`, propagationName(flag))];
}

/** What only the host's root has, or what can be made there without being seen. */
function beforeRootChanges(context: StepContext): Step[] {
  const { steps } = context.plan;
  const wantsProcfs = steps.some(({ op }) => "sysctl" in op || "apparmor_exec" in op || "selinux_exec" in op);
  return [...coverSteps(context), ...(wantsProcfs && !labelsKeyring(context) ? privateProcfs() : [])];
}

/** A label is written by then, through the procfs that it takes. */
function labelsKeyring({ plan }: StepContext): boolean {
  return plan.steps.some(({ op }) => "session_keyring" in op && op.session_keyring.label !== "");
}

/** Attached nowhere, so that nobody can put something in the place of a file of it. */
function privateProcfs(): Step[] {
  return [
    step("fsopen", "proc"),
    step("fsconfig", "FSCONFIG_CMD_CREATE"),
    step("fsmount", "", "MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC: bunc-init's own"),
  ];
}

/** Taken while the host's /dev is still in view, if some path is to be masked. */
function coverSteps({ plan }: StepContext): Step[] {
  if (!plan.steps.some(({ op }) => "masked_path" in op)) return [];
  return [
    ...openSource("/dev/null", false, false),
    step(
      "mount_setattr",
      "/dev/null",
      "set MOUNT_ATTR_NOSUID|MOUNT_ATTR_NOEXEC, MS_PRIVATE: the copy, to cover files with",
    ),
  ];
}

function emptyDirectory(condition: string): Step[] {
  return [
    step("fsopen", "tmpfs", "", condition),
    step("fsconfig", "source", "tmpfs", condition),
    step("fsconfig", "nr_blocks", "1", condition),
    step("fsconfig", "nr_inodes", "1", condition),
    step("fsconfig", "ro", "FSCONFIG_SET_FLAG", condition),
    step("fsconfig", "FSCONFIG_CMD_CREATE", "", condition),
    step("fsmount", "", "MOUNT_ATTR_RDONLY", condition),
  ];
}

/** `condition`: of a pipe; a terminal that was made for the process is always its user's. */
export function giveStreams({ terminal, streams, owner_uid }: Stdio, condition: string): Step[] {
  const owner = `owner ${owner_uid}`;
  if (terminal) return [step("fchownat", "terminal", owner)];
  const names = { stdin: "standard input", stdout: "standard output", stderr: "standard error" };
  return (["stdin", "stdout", "stderr"] as const)
    .filter((stream) => streams[stream] === "given" || streams[stream] === "relayed")
    .map((stream) => step("fchownat", names[stream], owner, condition));
}

export function hookSteps({ hooks }: { hooks: readonly Hook[] } | HookSet): Step[] {
  return hooks.map(({ path, args, timeout_ms }) => {
    const words = args.slice(1).join(" ");
    const timeout = timeout_ms === 0 ? "" : `; at most ${timeout_ms / 1000} s`;
    return step("hook", path, `${words}${timeout}`.replace(/^; /, ""));
  });
}

/** 8 bytes an instruction, in base64. */
function instructionCount(program: string): number {
  return Buffer.from(program, "base64").length / 8;
}
