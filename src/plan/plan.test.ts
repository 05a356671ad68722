import { describe, expect, test } from "bun:test";
import { fakeTexts } from "../host/fake-texts.ts";
import { hostFacts } from "../host/host.ts";
import { CLONE, type Op, type Step } from "../native/boundary.gen.ts";
import { parseConfig } from "../oci/config.ts";
import type { ProcessConfig } from "../oci/process.ts";
import { resolveConfig, sysctlPath } from "../oci/resolved/config.ts";
import { planCapabilities } from "./capabilities.ts";
import { type CreateOptions, type ExecOptions, planCreate, planExec } from "./plan.ts";
import { planEnvironment } from "./process.ts";

// biome-ignore lint/suspicious/noExplicitAny: members of a config before it is checked
type Raw = any;

const host = hostFacts({ ...fakeTexts, mountinfo: "", apparmor: "Y" });

const common = {
  id: "c1",
  placement: { into: null, tasks: [] },
  preserveFds: 0,
  listenFds: 0,
  trace: false,
  noNewKeyring: false,
  foreground: false,
  inheritedNoFile: null,
  seccomp: { program: "BgAAAAAA/38=", flags: 0 },
};
const createOptions: CreateOptions = {
  ...common,
  bundle: "/b",
  noPivot: false,
  start: "parent",
  startSocket: "",
  cgroupDirectories: new Map(),
  newuidmap: null,
  newgidmap: null,
};
const execOptions: ExecOptions = { ...common, init: { pid: 42, startTime: 7 }, setgroupsDenied: false };

function config(process: Raw = {}, linux: Raw = {}, rest: Raw = {}) {
  const checked = parseConfig(
    JSON.stringify({
      ...rest,
      ociVersion: "1.3.0",
      root: { path: "rootfs" },
      process: { args: ["sh"], cwd: "/", ...process },
      linux: { namespaces: [{ type: "mount" }, { type: "pid" }], ...linux },
    }),
  );
  return resolveConfig(checked, "/b");
}

const names = (steps: readonly Step[]) => steps.map((step) => Object.keys(step.op)[0]);

function find<Name extends string>(
  steps: readonly Step[],
  name: Name,
): Extract<Op, Record<Name, unknown>> | undefined {
  return steps.find((step) => name in step.op)?.op as Extract<Op, Record<Name, unknown>> | undefined;
}

/** A process that uses every step there is for one. */
const everything = {
  terminal: true,
  user: { uid: 1, gid: 2, umask: 0o77 },
  capabilities: { bounding: ["CAP_CHOWN"] },
  apparmorProfile: "profile",
  selinuxLabel: "a:b:c",
  scheduler: { policy: "SCHED_BATCH" },
  ioPriority: { class: "IOPRIO_CLASS_BE", priority: 0 },
};
const profile = { seccomp: { defaultAction: "SCMP_ACT_ALLOW" } };

describe("order of the steps of an init", () => {
  const order = (process: Raw) => names(planCreate(config(process, profile), host, createOptions).plan.steps);
  const before = (steps: ReturnType<typeof order>, ...wanted: string[]) =>
    expect(steps.filter((name) => wanted.includes(name ?? ""))).toEqual(wanted);

  test("a filter without no_new_privs is loaded before the rights are gone", () => {
    before(order(everything), "selinux_exec", "seccomp", "capability_bounding", "user", "capabilities");
  });

  test("a filter with no_new_privs comes last", () => {
    const steps = order({ ...everything, noNewPrivileges: true });
    before(steps, "no_new_privs", "scheduler", "capability_bounding", "user", "capabilities", "seccomp");
    expect(steps.at(-1)).toBe("seccomp");
  });

  test("the profile is named before sysctls and masks, the terminal made after pivot_root", () => {
    before(
      order(everything),
      "session_keyring",
      "bind_root",
      "pivot_root",
      "console",
      "umask",
      "apparmor_exec",
    );
  });

  test("an unbindable root becomes so after the paths that are bound on themselves", () => {
    const linux = { rootfsPropagation: "runbindable", readonlyPaths: ["/a"], maskedPaths: ["/b"] };
    const steps = names(planCreate(config({}, linux), host, createOptions).plan.steps);
    before(steps, "pivot_root", "readonly_path", "masked_path", "final_propagation");
    const shared = config({}, { ...linux, rootfsPropagation: "rshared" });
    before(names(planCreate(shared, host, createOptions).plan.steps), "final_propagation", "readonly_path");
  });

  test("the working directory is made before the root is read-only and entered before the user is changed", () => {
    const readonly = config();
    readonly.root.readonly = true;
    const steps = names(planCreate(readonly, host, createOptions).plan.steps);
    expect(steps.filter((name) => ["working_directory", "remount", "user"].includes(name ?? ""))).toEqual([
      "working_directory",
      "remount",
      "working_directory",
      "user",
    ]);
  });
});

test("the cpuset of the cgroup is there before a scheduling policy that it may refuse", () => {
  const create = (linux: Raw, hooks: Raw = {}) =>
    names(
      planCreate(config({ scheduler: { policy: "SCHED_DEADLINE" } }, linux, hooks), host, createOptions).plan
        .steps,
    ).filter((name) => name === "parent_hooks" || name === "scheduler");
  expect(create({ resources: { cpu: { cpus: "0" } } })).toEqual(["parent_hooks", "scheduler"]);
  expect(create({ resources: { cpu: { shares: 2 } } })).toEqual(["scheduler"]);
  const createRuntime = [{ path: "/hook" }];
  // Once is enough: the hooks would run twice.
  expect(create({ resources: { cpu: { cpus: "0" } } }, { hooks: { createRuntime } })).toEqual([
    "parent_hooks",
    "scheduler",
  ]);
});

describe("exec", () => {
  const exec = (given: Raw, container = config()) =>
    planExec(config(given).process as ProcessConfig, container, host, execOptions).plan;

  test("joins every namespace of the init and makes nothing", () => {
    const { namespaces, process, steps } = exec({});
    expect(namespaces.join_process).toMatchObject({ pid: 42, start_time: "7" });
    for (const flag of Object.values(CLONE)) expect((namespaces.join_process?.flags ?? 0) & flag).toBe(flag);
    expect([namespaces.create, namespaces.join.length]).toEqual([0, 0]);
    expect(process.start).toBe("immediately");
    expect(names(steps)).toEqual([
      "every_cpu",
      "session_keyring",
      "working_directory",
      "capability_bounding",
      "user",
      "capabilities",
    ]);
  });

  test("order of its steps", () => {
    expect(names(exec(everything, config({}, profile)).steps)).toEqual([
      "every_cpu",
      "session_keyring",
      "console",
      "umask",
      "scheduler",
      "io_priority",
      "selinux_exec",
      "seccomp",
      "working_directory",
      "capability_bounding",
      "user",
      "capabilities",
      "apparmor_exec",
    ]);
    const last = exec({ ...everything, noNewPrivileges: true }, config({}, profile)).steps.at(-1);
    expect(last && "seccomp" in last.op).toBe(true);
  });

  test("its terminal is not bound on /dev/console, its directory not made", () => {
    const { steps } = exec({ terminal: true, cwd: "/x" });
    expect(find(steps, "console")?.console.bind).toBe(false);
    expect(find(steps, "working_directory")?.working_directory).toEqual({ path: "/x", create: false });
  });

  test("takes from the container's process what it does not say", () => {
    const container = config({
      capabilities: { bounding: ["CAP_KILL"] },
      rlimits: [{ type: "RLIMIT_CORE", soft: 1, hard: 2 }],
      apparmorProfile: "theirs",
      oomScoreAdj: 7,
      noNewPrivileges: true,
      user: { uid: 5, gid: 6, umask: 0o27 },
      env: ["A=1"],
    });
    const plan = exec({}, container);
    expect(find(plan.steps, "capability_bounding")?.capability_bounding.set).toBe(String(1 << 5));
    expect(find(plan.steps, "apparmor_exec")?.apparmor_exec.label).toBe("theirs");
    expect(find(plan.steps, "umask")?.umask.mask).toBe(0o27);
    expect(plan.limits.rlimits).toHaveLength(1);
    expect(plan.limits.oom_score_adj?.value).toBe(7);
    // Not inherited: no_new_privs, user and environment are always its own.
    expect(find(plan.steps, "no_new_privs")).toBeUndefined();
    expect(find(plan.steps, "user")?.user).toMatchObject({ uid: 0, gid: 0 });
    expect(plan.process.env).toEqual([]);

    const own = exec({ capabilities: {}, apparmorProfile: "mine", oomScoreAdj: 0 }, container);
    expect(find(own.steps, "capability_bounding")?.capability_bounding.set).toBe("0");
    expect(find(own.steps, "apparmor_exec")?.apparmor_exec.label).toBe("mine");
    expect(own.limits.oom_score_adj?.value).toBe(0);
  });

  test("has no groups to set in a user namespace that denies it", () => {
    const id = [{ containerID: 0, hostID: 1000, size: 1 }];
    const container = config(
      {},
      { namespaces: [{ type: "mount" }, { type: "user" }], uidMappings: id, gidMappings: id },
    );
    const given = config({ user: { uid: 0, gid: 0, additionalGids: [5] } }).process as ProcessConfig;
    const user = { ...host, euid: 1000, egid: 1000 };
    const { plan, warnings } = planExec(given, container, user, { ...execOptions, setgroupsDenied: true });
    expect(find(plan.steps, "user")?.user).toMatchObject({ additional_gids: [], keep_groups: true });
    expect(warnings).toHaveLength(1);
  });

  test("runs on the CPUs of execCPUAffinity.final, which an init does not", () => {
    const affinity = { execCPUAffinity: { initial: "0", final: "1,33" } };
    expect(exec(affinity).initial_cpus).toEqual([1]);
    expect(find(exec(affinity).steps, "cpu_affinity")?.cpu_affinity.mask).toEqual([2, 2]);
    expect(find(exec(affinity).steps, "every_cpu")).toBeUndefined();
    // What it begins with stays; where nothing is said, nothing of the caller does.
    const initial = exec({ execCPUAffinity: { initial: "0" } });
    expect(find(initial.steps, "cpu_affinity") ?? find(initial.steps, "every_cpu")).toBeUndefined();
    expect(find(exec({}).steps, "every_cpu")).toBeDefined();
    const init = planCreate(config(affinity), host, createOptions).plan.steps;
    expect(find(init, "cpu_affinity")).toBeUndefined();
    expect(find(init, "every_cpu")).toBeDefined();
  });
});

test("the core link is made where there is a core file", () => {
  const links = (procKcore: boolean) =>
    planCreate(config(), { ...host, procKcore }, createOptions).plan.steps.filter(
      ({ op }) => "symlink" in op && op.symlink.path === "/dev/core",
    );
  expect([links(true).length, links(false).length]).toEqual([1, 0]);
});

test("without capabilities there are none", () => {
  const { steps } = planCreate(config(), host, createOptions).plan;
  expect(find(steps, "capability_bounding")?.capability_bounding.set).toBe("0");
  expect(find(steps, "capabilities")?.capabilities.permitted).toBe("0");
});

test("a profile that nobody compiled is refused, not dropped", () => {
  expect(() => planCreate(config({}, profile), host, { ...createOptions, seccomp: null })).toThrow(
    "linux.seccomp",
  );
});

test("a plan crosses as JSON", () => {
  const { plan } = planCreate(config(everything, profile), host, createOptions);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan as Raw);
});

test("environment", () => {
  const table: [env: string[], planned: string[]][] = [
    [[], []],
    [
      ["A=1", "B=2", "A=3"],
      ["B=2", "A=3"],
    ],
    [["HOME="], []],
    [["HOME=/a", "HOME="], []],
    [["HOME=", "HOME=/a"], ["HOME=/a"]],
    [["A=b=c", "A=d"], ["A=d"]],
    [["__proto__=1", "__proto__=2"], ["__proto__=2"]],
  ];
  for (const [env, planned] of table) expect(planEnvironment(env)).toEqual(planned);
});

test("capabilities", () => {
  const { bounding, sets, warnings } = planCapabilities({
    bounding: ["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE", "CAP_CHOWN"],
    permitted: ["CAP_KILL", "CAP_SYS_ADMN"],
    ambient: ["CAP_X", "chown", "CAP_LAST_CAP", "CAP_toString", "CAP_X", "CAP_SYS_ADMN"],
  });
  expect(bounding).toBe("1099511627777");
  expect(sets).toEqual({ effective: "0", permitted: "32", inheritable: "0", ambient: "0" });
  const told = "ignoring unknown or unavailable capabilities:";
  expect(warnings.map(({ path, found, message }) => [path, found, message])).toEqual([
    [
      "process.capabilities.permitted[1]",
      '"CAP_SYS_ADMN"',
      `${told} [CAP_SYS_ADMN] (did you mean "CAP_SYS_ADMIN"?)`,
    ],
    ["process.capabilities.ambient[0]", '"CAP_X"', `${told} [CAP_X]`],
    ["process.capabilities.ambient[1]", '"chown"', `${told} [chown] (did you mean "CAP_CHOWN"?)`],
    ["process.capabilities.ambient[2]", '"CAP_LAST_CAP"', `${told} [CAP_LAST_CAP]`],
    ["process.capabilities.ambient[3]", '"CAP_toString"', `${told} [CAP_toString]`],
  ]);
});

test("ambient capabilities that cannot be raised", () => {
  const { sets, warnings } = planCapabilities({
    permitted: ["CAP_CHOWN", "CAP_KILL"],
    inheritable: ["CAP_CHOWN", "CAP_BPF"],
    ambient: ["CAP_CHOWN", "CAP_KILL", "CAP_BPF"],
  });
  expect(sets.ambient).toBe("1");
  const path = "process.capabilities.ambient";
  expect(warnings).toEqual([
    { path, message: "can't raise ambient capability CAP_KILL: operation not permitted" },
    { path, message: "can't raise ambient capability CAP_BPF: operation not permitted" },
  ]);
});

test("sysctl paths", () => {
  const table: [key: string, path: string][] = [
    ["net.ipv4.ip_forward", "net/ipv4/ip_forward"],
    ["net/ipv4/ip_forward", "net/ipv4/ip_forward"],
    ["net.ipv4.conf.eth0/100.rp_filter", "net/ipv4/conf/eth0.100/rp_filter"],
    ["net/ipv4/conf/eth0.100/rp_filter", "net/ipv4/conf/eth0.100/rp_filter"],
    ["kernel", "kernel"],
  ];
  for (const [key, path] of table) expect(sysctlPath(key)).toBe(path);
});
